import type { Command } from 'commander';

const collect = (value: string, all: readonly string[] = []): string[] => [...all, value];

/** `import` and `deploy`: between real engines and configurations. */
export function addEngineCommands(program: Command, onExit: (code: number) => void): void {
  program
    .command('import')
    .description('a configuration from a launch command, or from a file of AISimulate')
    .argument('<what>', 'vllm, sglang, trtllm or aisimulate')
    .argument('[command...]', 'the launch command, quoted; @FILE, or - for standard input; for aisimulate the file')
    .option('--prefill <command>', 'launch command of prefill workers')
    .option('--decode <command>', 'launch command of decode workers')
    .option('--gpu <id>', 'catalog id, or path of a hardware file')
    .option('--engine-version <version>', "the engine's version, where no image tag says it")
    .option('--var <name=value>', 'value of a shell variable, repeatable', collect, [])
    .option('-o, --output <file>', 'where the configuration goes (default: standard output)')
    .option('--quiet', 'no notes on standard error')
    .action(async (what, command, options) => {
      onExit(await (await import('./importCommand.ts')).importCommand(what, command, options));
    });

  program
    .command('deploy')
    .description('launch commands and manifests of a configuration')
    .requiredOption('-c, --config <file>', 'YAML configuration; - reads standard input')
    .option('--set <path=value>', 'set a field of the configuration, repeatable', collect, [])
    .option('--gpu <id>', 'catalog id, or path of a hardware file')
    .option('-o, --output-dir <dir>', 'where files go (default: dynosim-output/deploy-<hash>)')
    .option('--overwrite', 'write into a directory that holds something else')
    .option('--quiet', 'no notes on standard error')
    .action(async (options) => {
      onExit(await (await import('./deployCommand.ts')).deployCommand(options));
    });
}
