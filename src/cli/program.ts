import { availableParallelism } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import { InputError } from '../base/inputError.ts';
import {
  addCommonOptions,
  addGoalFlags,
  addReplayOptions,
  addWorkloadFlags,
  collect,
  openShare,
  positiveNumber,
  threadCount,
} from './commonOptions.ts';
import { addEngineCommands } from './engineCommands.ts';
import { EXIT } from './exitCodes.ts';
import { PREDICT_START, RECOMMEND_START } from './start.ts';
import { VERSION } from './version.ts';

/** Runs one command line (without node and script) and returns the exit code. Commands are loaded when they are used. */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
    if (error instanceof InputError) {
      process.stderr.write(`${error.message}\n`);
      return EXIT.badInput;
    }
    process.stderr.write(`dynosim failed, which is a bug in dynosim: ${(error as Error).stack ?? error}\n`);
    return EXIT.failed;
  }
}

function createProgram(onExit: (code: number) => void): Command {
  const program = new Command('dynosim')
    .description('A twin of an LLM serving stack: a goal in, a Pareto frontier and a deployment out.')
    .version(VERSION)
    .exitOverride()
    .showSuggestionAfterError();

  const predict = program.command('predict').description('one deployment, one workload, one report');
  addWorkloadFlags(addCommonOptions(predict), false)
    .addHelpText('after', PREDICT_START)
    .action(async (options) => {
      if (nothingGiven(predict)) onExit(showStart(PREDICT_START));
      else onExit(await (await import('./predictCommand.ts')).predictCommand(options));
    });

  const recommend = program.command('recommend').description('goal in, frontier and deployment out');
  addGoalFlags(addWorkloadFlags(addCommonOptions(recommend), true))
    .addHelpText('after', RECOMMEND_START)
    .action(async (options) => {
      if (nothingGiven(recommend)) onExit(showStart(RECOMMEND_START));
      else onExit(await (await import('./recommendCommand.ts')).recommendCommand(options));
    });

  program
    .command('inspect')
    .description('what workloads look like, and what is odd about them')
    .argument('<traces...>', 'Mooncake JSONL or CSV, also gzipped; or a configuration, for its traffic')
    .option('--set <path=value>', 'set a field, repeatable: traffic.source.columns={timestamp: t, ...}', collect, [])
    .option('--skip-bad-lines', 'pass over lines that are not the format, and count them')
    .addOption(new Option('--format <form>', 'of what is printed').choices(['table', 'json']).default('table'))
    .action(async (traces, options) =>
      onExit(await (await import('./inspectCommand.ts')).inspectCommand(traces, options)),
    );

  const adapt = program
    .command('adapt')
    .description('a schedule of deployments that follows the workload, against standing still');
  addGoalFlags(addWorkloadFlags(addCommonOptions(adapt), false))
    .option('--window-seconds <s>', 'windows the workload is cut into to look for drift', positiveNumber, 3600)
    .option('--train-share <share>', 'part of the workload to choose on, 0 to 1; the rest scores it', openShare, 0.5)
    .action(async (options) => onExit(await (await import('./adaptCommand.ts')).adaptCommand(options)));

  addCommonOptions(program.command('explain').description('what holds a deployment where it is, and why not another'))
    .option('--why-not <file>', 'configuration to compare it with, on the same traffic')
    .action(async (options) => onExit(await (await import('./explainCommand.ts')).explainCommand(options)));

  addCommonOptions(program.command('compare').description('what differs between two deployments, cause by cause'))
    .argument('<a>', 'configuration; its traffic is used for both')
    .argument('<b>', 'configuration')
    .action(async (a, b, options) => onExit(await (await import('./compareCommand.ts')).compareCommand(a, b, options)));

  const validate = program.command('validate').description('errors of predictions against measured servers');
  addReplayOptions(validate)
    .argument('<file>', 'measured points as CSV, or the JSON of vllm bench serve, AIPerf or genai-perf')
    .option('-c, --config <file>', 'the deployment a JSON result was measured on')
    .option('--set <path=value>', 'set a field of that configuration, repeatable', collect, [])
    .option('--concurrency <n>', 'requests at once, where the JSON does not tell')
    .option('--calibration <file>', 'coefficient file instead of the shipped fit')
    .action(async (file, options) =>
      onExit(await (await import('./validateCommand.ts')).validateCommand(file, options)),
    );

  addEngineCommands(program, onExit);

  const calibrate = program.command('calibrate').description('fit the timing to measured servers');
  addReplayOptions(calibrate)
    .argument('<files...>', 'measured points as CSV')
    .option('-o, --output <file>', 'coefficient file to write, .yaml or .json', 'calibration.yaml')
    .addOption(
      new Option('--prior <name>', 'what few points are pulled towards: the shipped fit, or the hand-set values')
        .choices(['shipped', 'hand'])
        .default('shipped'),
    )
    .option('--quiet', 'no progress on standard error')
    .action(async (files, options) =>
      onExit(await (await import('./calibrateCommand.ts')).calibrateCommand(files, options)),
    );

  program
    .command('catalog')
    .description('models, GPUs and engine versions with their sources')
    .argument('[what]', 'models, hardware, engines, or show', 'models')
    .argument('[name]', 'with show: a model, a GPU or an engine (vllm@0.19.0)')
    .action(async (what, name) => (await import('./catalogCommand.ts')).catalogCommand(what, name));

  program
    .command('study')
    .description('study files: show, frontier, diff, export, merge, rm')
    .argument('[words...]', 'study --help tells')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (words) => (await import('./studyCommand.ts')).studyCommand(words));

  program
    .command('worker')
    .description('simulates for searches on other machines (recommend --queue)')
    .requiredOption('--queue <url>', 'Redis or Valkey: redis://host:6379, rediss://user:password@host')
    .option('--threads <n>', 'simulations at a time', threadCount, availableParallelism())
    .option('--quiet', 'no notes on standard error')
    .action(async (options) => onExit(await (await import('./workerCommand.ts')).workerCommand(options)));

  program
    .command('schema')
    .description('JSON Schema of a configuration file')
    .argument('<command>', 'predict or recommend')
    .action(async (command) => (await import('./schemaCommand.ts')).schemaCommand(command));
  return program;
}

/** Whether not a single option came from the command line. */
function nothingGiven(command: Command): boolean {
  return Object.keys(command.opts()).every((name) => command.getOptionValueSource(name) === 'default');
}

function showStart(text: string): number {
  process.stderr.write(`${text.trim()}\n`);
  return EXIT.badInput;
}
