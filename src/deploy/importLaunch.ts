import { InputError } from '../base/inputError.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import { listEngineProfiles, matchProfile, newestProfile } from '../catalog/engineProfiles.ts';
import type { ModelFacts } from '../catalog/model.ts';
import type { Facts } from '../config/facts.ts';
import { ImportNotes } from './importNotes.ts';
import { importSglang } from './importSglang.ts';
import { importTrtllm } from './importTrtllm.ts';
import { importVllm } from './importVllm.ts';
import { type ImportedRole, ImportedWorker } from './importWorker.ts';
import { LaunchArguments } from './launchArguments.ts';
import { findLaunch, type LaunchCommand } from './launchCommand.ts';
import { shellCommands } from './shellWords.ts';

export interface LaunchText {
  readonly text: string;
  /** Where the command itself cannot say. */
  readonly role?: 'prefill' | 'decode';
}

export interface ImportContext {
  readonly facts: Facts;
  /** Values of shell variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** A YAML file that the command names, read. @throws InputError when it cannot be. */
  readonly readOptions: (path: string) => Readonly<Record<string, unknown>>;
  /** GPU and version, where the command's own cannot be known. */
  readonly hardware?: string;
  readonly version?: string;
}

export interface Imported {
  /** Sections of a configuration: `engine`, and for other simulators' files the rest. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly notes: ImportNotes;
}

/**
 * The configuration that launch commands describe: one server each, prefill and decode apart where they say so.
 * @throws InputError where no command starts that engine, or what it says cannot be read.
 */
export function importLaunch(backend: Backend, texts: readonly LaunchText[], context: ImportContext): Imported {
  const notes = new ImportNotes();
  const workers = texts.flatMap(({ text, role }) =>
    launchesIn(backend, text, context).map((launch) => importOne(launch, context, notes, role ?? null)),
  );
  const engine = engineOf(backend, workers, context);
  const { backend_version: version } = engine as { backend_version?: string };
  if (version === undefined) {
    const { version: newest } = newestProfile(backend);
    notes.assume('engine.backend_version', `${newest}, the newest with a profile: give --engine-version`);
  } else {
    const { warning } = matchProfile(backend, version);
    if (warning !== null) notes.assume('engine.backend_version', warning);
  }
  return { config: { engine }, notes };
}

function launchesIn(backend: Backend, text: string, { variables }: ImportContext): LaunchCommand[] {
  const commands = shellCommands(text, variables).map(findLaunch);
  const launches = commands.filter((launch): launch is LaunchCommand => launch !== null);
  const wanted = launches.filter((launch) => launch.backend === backend);
  const unknown = wanted.flatMap((launch) => launch.unknown);
  if (unknown.length > 0) throw new InputError(unknown);
  if (wanted.length > 0) return wanted;
  const other = launches[0];
  throw new InputError({
    message: `no command in it starts ${nameOf(backend)}`,
    hint:
      other === undefined
        ? `e.g. ${EXAMPLES[backend]}`
        : `it starts ${nameOf(other.backend)}: dynosim import ${other.backend}`,
  });
}

const EXAMPLES: Readonly<Record<Backend, string>> = {
  vllm: 'vllm serve MODEL --tensor-parallel-size 2',
  sglang: 'python -m sglang.launch_server --model-path MODEL --tp 2',
  trtllm: 'trtllm-serve MODEL --tp_size 2',
};

function nameOf(backend: Backend): string {
  return listEngineProfiles().find((profile) => profile.backend === backend)!.name;
}

function importOne(
  launch: LaunchCommand,
  context: ImportContext,
  notes: ImportNotes,
  role: ImportedRole | null,
): ImportedWorker {
  const { backend, environment } = launch;
  const args = new LaunchArguments(backend, [...optionsAsFlags(launch, context), ...launch.words]);
  const into = new ImportedWorker(notes);
  into.role = role;
  args.take(backend === 'trtllm' ? '' : '--config');
  const flag = args.take(backend === 'sglang' ? '--model-path' : '--model');
  const [positional, ...rest] = args.positional;
  const model = positional ?? flag?.values[0];
  if (model === undefined) notes.refuse(launch.entry, 'names no model');
  else into.setEngine(positional ?? flag!.text, 'model', model);
  for (const word of rest) notes.refuse(word, 'belongs to no flag', 'quote values with spaces');
  if (launch.version !== null) into.setEngine('image', 'backend_version', launch.version);
  const facts = model === undefined ? null : knownModel(model, context.facts);
  if (model !== undefined && facts === null) {
    notes.assume(`engine.model ${model}`, 'not in the catalog: give the path of its config.json before a prediction');
  }
  if (backend === 'vllm') importVllm(args, environment, into, facts);
  else if (backend === 'sglang') importSglang(args, environment, into, facts);
  else {
    const file = args.take('--extra_llm_api_options', '--extra_engine_args');
    importTrtllm(args, file === null ? {} : context.readOptions(file.values[0]), into, facts);
  }
  args.settleRest(notes);
  return into;
}

/** `--config FILE` of vLLM and SGLang: keys are flags, and the command line beats them. */
function optionsAsFlags({ backend, words }: LaunchCommand, { readOptions }: ImportContext): string[] {
  if (backend === 'trtllm') return [];
  const at = words.findIndex((word) => word === '--config' || word.startsWith('--config='));
  if (at < 0) return [];
  const file = words[at].includes('=') ? words[at].slice('--config='.length) : words[at + 1];
  return Object.entries(readOptions(file)).flatMap(([key, value]) => {
    if (value === true) return [`--${key}`];
    if (value === false) return backend === 'vllm' ? [`--no-${key}`] : [];
    if (Array.isArray(value)) return [`--${key}`, ...value.map(String)];
    return [`--${key}`, typeof value === 'object' ? JSON.stringify(value) : String(value)];
  });
}

function knownModel(name: string, facts: Facts): ModelFacts | null {
  try {
    return facts.model(name);
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** One engine section from all its servers, which must agree on what they share. */
function engineOf(backend: Backend, workers: readonly ImportedWorker[], { hardware, version }: ImportContext): object {
  const shared: Record<string, unknown> = {};
  for (const { engine, notes } of workers) {
    for (const [key, value] of Object.entries(engine)) {
      if (key in shared && shared[key] !== value) {
        notes.refuse(`engine.${key}`, `the servers differ in it: ${String(shared[key])} and ${String(value)}`);
      }
      shared[key] = value;
    }
  }
  const pools: Record<string, object[]> = {};
  const split = workers.some(({ role }) => role === 'prefill' || role === 'decode');
  for (const { role, worker, notes } of workers) {
    if (split && role !== 'prefill' && role !== 'decode') {
      notes.refuse(
        'roles',
        'some servers are prefill or decode workers and others say nothing',
        'give the commands as --prefill and --decode',
      );
    }
    pools[role ?? 'aggregated'] = [...(pools[role ?? 'aggregated'] ?? []), worker];
  }
  const { model, backend_version: imageVersion, ...rest } = shared;
  const chosen = version ?? imageVersion;
  return {
    model,
    ...(hardware === undefined ? {} : { hardware }),
    backend,
    ...(chosen === undefined ? {} : { backend_version: chosen }),
    ...rest,
    workers: Object.fromEntries(
      Object.entries(pools).map(([role, list]) => [role, list.length === 1 ? list[0] : named(role, list)]),
    ),
  };
}

function named(role: string, pools: readonly object[]): object[] {
  return pools.map((pool, index) => ({ name: `${role}-${index + 1}`, ...pool }));
}
