import type { Backend } from '../catalog/engineProfile.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { withValue } from '../config/paths.ts';
import type { ImportNotes } from './importNotes.ts';
import { asNumber, contextFlag, fromEngine, plainKnobs } from './knobWords.ts';
import type { Argument, LaunchArguments } from './launchArguments.ts';

export type ImportedRole = 'aggregated' | 'prefill' | 'decode';

/** What a launch command says of one server: settings of the whole engine, and of the worker. */
export class ImportedWorker {
  readonly notes: ImportNotes;
  /** null when nothing says so. */
  role: ImportedRole | null = null;
  #engine: unknown = {};
  #worker: unknown = {};

  constructor(notes: ImportNotes) {
    this.notes = notes;
  }

  get engine(): Readonly<Record<string, unknown>> {
    return this.#engine as Record<string, unknown>;
  }

  get worker(): Readonly<Record<string, unknown>> {
    return this.#worker as Record<string, unknown>;
  }

  /** Of the whole engine. */
  setEngine(from: string, path: string, value: unknown): void {
    this.#engine = withValue(this.#engine, path.split('.'), value, path);
    this.notes.map(from, `engine.${path}`, value);
  }

  /** Of this worker. */
  set(from: string, path: string, value: unknown): void {
    this.#worker = withValue(this.#worker, path.split('.'), value, path);
    this.notes.map(from, path, value);
  }
}

/** Takes the knobs that are one flag each. */
export function takePlainKnobs(backend: Backend, args: LaunchArguments, into: ImportedWorker, ranks: number): void {
  for (const plain of plainKnobs(backend)) {
    const { told, knob, path } = plain;
    const off = told.off === undefined ? null : args.take(told.off);
    const on = told.flag === undefined ? null : args.take(told.flag);
    if (off !== null) into.set(off.text, path, false);
    if (on !== null) {
      const value = knob.domain.kind === 'boolean' ? (on.values[0] ?? true) : on.values[0];
      setChecked(into, on.text, path, fromEngine(plain, value, ranks), value);
    }
  }
  const context = args.take(contextFlag(backend).flag!);
  if (context !== null) setContext(into, context);
}

/** A value that was understood, or a refusal. */
export function setChecked(into: ImportedWorker, text: string, path: string, ours: unknown, theirs: unknown): void {
  if (ours === null || ours === undefined) {
    into.notes.refuse(text, theirs === undefined ? 'needs a value' : `"${String(theirs)}" is not modelled`);
  } else into.set(text, path, ours);
}

function setContext(into: ImportedWorker, { text, values: [value] }: Argument): void {
  const tokens = asNumber(value);
  if (tokens === null || tokens < 1)
    into.notes.refuse(text, 'must be a number of tokens here', 'the engine prints what it chose');
  else into.setEngine(text, 'context_length', tokens);
}

/** A whole number of a flag, or null after a refusal; `initial` where the flag was not given. */
export function countOf(into: ImportedWorker, argument: Argument | null, initial: number): number {
  if (argument === null) return initial;
  const count = asNumber(argument.values[0]);
  if (count !== null && Number.isInteger(count) && count >= 1) return count;
  into.notes.refuse(argument.text, 'must be a whole number, 1 or more');
  return initial;
}

/** Formats in the engines' words; anything else comes with the checkpoint. */
const QUANTIZATIONS: Readonly<Record<string, string>> = {
  fp8: 'fp8',
  modelopt_fp8: 'fp8',
  w8a8_fp8: 'fp8',
  fbgemm_fp8: 'fp8',
  modelopt_fp4: 'nvfp4',
  nvfp4: 'nvfp4',
  mxfp4: 'mxfp4',
  w8a8_int8: 'int8',
  awq: 'int4',
  awq_marlin: 'int4',
  gptq: 'int4',
  gptq_marlin: 'int4',
};

export function setQuantization(into: ImportedWorker, argument: Argument | null, model: ModelFacts | null): void {
  if (argument === null) return;
  const format = QUANTIZATIONS[argument.values[0]];
  if (format === undefined) {
    into.notes.ignore(argument.text, 'the format is taken from the checkpoint');
  } else if (model !== null && (model.checkpointDtype.startsWith(format) || model.expertDtype === format)) {
    into.notes.ignore(argument.text, `${model.id} is published in it`);
  } else into.setEngine(argument.text, 'quantization', format);
}

/** Acceptance that AIConfigurator takes when nobody measured any (095f58a: nextn accept rates). */
const ASSUMED_ACCEPTANCE = [0.85, 0.3];

/** Drafts with the acceptance that the command states, or an assumed one. */
export function setSpeculation(
  into: ImportedWorker,
  text: string,
  given: {
    readonly method: string;
    readonly drafts: number;
    readonly model: string | null;
    readonly acceptedLength: number | null;
  },
): void {
  const { method, drafts, model, acceptedLength } = given;
  const acceptance = Array.from({ length: drafts }, (_, position) => ASSUMED_ACCEPTANCE[position] ?? 0);
  into.set(text, 'speculation', {
    method,
    draft_tokens: drafts,
    ...(acceptedLength === null ? { acceptance } : { accepted_length: acceptedLength }),
    ...(model === null ? {} : { draft_model: model }),
  });
  if (acceptedLength === null) {
    const how =
      'no launch command says how many drafts are accepted; the server logs it: set speculation.acceptance or accepted_length';
    into.notes.assume(`speculation.acceptance ${JSON.stringify(acceptance)}`, how);
  }
}

/** Data-parallel servers of a model without experts are whole replicas. */
export function setReplicas(into: ImportedWorker, text: string, count: number): void {
  into.set(text, 'parallelism.replicas', count);
}
