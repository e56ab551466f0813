import { didYouMean } from '../base/closest.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import type { Knob } from '../config/knob.ts';
import { KNOBS } from '../config/knobs.ts';
import { withValue } from '../config/paths.ts';
import { findGroup } from './flags/flagGroup.ts';
import type { ImportNotes } from './importNotes.ts';
import { OTHER_FLAGS } from './otherFlags.ts';
import { SPECIAL_FLAGS } from './specialFlags.ts';

/** A flag as it was given, under its main name. */
export interface Argument {
  /** As the user wrote it. */
  readonly text: string;
  readonly values: readonly string[];
}

type Arity = 'switch' | 'value' | 'list';

interface Known {
  readonly name: string;
  readonly arity: Arity;
}

/** The flags of a launch command, taken one by one by whoever knows what they mean. */
export class LaunchArguments {
  readonly positional: string[] = [];
  readonly #backend: Backend;
  readonly #known: ReadonlyMap<string, Known>;
  readonly #given = new Map<string, Argument>();

  constructor(backend: Backend, words: readonly string[]) {
    this.#backend = backend;
    this.#known = knownFlags(backend);
    for (let at = 0; at < words.length; ) at = this.#read(words, at);
  }

  /** The last one given of these flags, which is then done with. */
  take(...names: readonly string[]): Argument | null {
    let found: Argument | null = null;
    for (const name of names) {
      found = this.#given.get(name) ?? found;
      this.#given.delete(name);
    }
    return found;
  }

  /** Whether a switch was given. */
  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** Sorts what nobody took into what changes nothing and what is not modelled. */
  settleRest(notes: ImportNotes): void {
    const { ignored, refused } = OTHER_FLAGS[this.#backend];
    for (const [name, { text, values }] of this.#given) {
      const plain = name.replace(/^--no-/, '--');
      const harmless = findGroup(ignored, name) ?? findGroup(ignored, plain);
      const serious = findGroup(refused, name) ?? findGroup(refused, plain);
      const off =
        serious !== undefined &&
        (name !== plain || (values.length > 0 && values.every((value) => serious.harmless?.includes(value))));
      if (harmless !== undefined) notes.ignore(text, harmless.reason);
      else if (off) notes.ignore(text, 'its default');
      else if (serious !== undefined) notes.refuse(text, serious.reason, serious.hint);
      else notes.ignore(text, this.#unknown(name));
    }
    this.#given.clear();
  }

  #unknown(name: string): string {
    const guess = didYouMean(name, [...this.#known.keys()]);
    return guess === undefined ? 'unknown to dynosim' : `unknown to dynosim, ${guess}`;
  }

  #read(words: readonly string[], at: number): number {
    const word = words[at];
    if (!isFlag(word)) {
      this.positional.push(word);
      return at + 1;
    }
    const short = this.#backend === 'vllm' ? /^-O(?:(\d)|\.(.+))$/.exec(word) : null;
    // `-O3`, and keys of the compilation's JSON: `-O.cudagraph_mode=NONE`.
    if (short?.[1] !== undefined) return this.#add('--optimization-level', word, [short[1]], at + 1);
    if (short !== null) return this.#read(words.with(at, `--compilation-config.${short[2]}`), at);
    const equals = word.indexOf('=');
    const spelt = equals < 0 ? word : word.slice(0, equals);
    const name = normalize(this.#backend, spelt);
    const known = this.#find(name);
    const main = known?.name ?? name;
    if (equals >= 0) return this.#add(main, word, [word.slice(equals + 1)], at + 1);
    const next = words[at + 1];
    const takes = known === undefined ? next !== undefined && !isFlag(next) : known.arity !== 'switch';
    if (!takes || next === undefined) return this.#add(main, word, [], at + 1);
    if (known?.arity !== 'list') return this.#add(main, `${word} ${next}`, [next], at + 2);
    let end = at + 1;
    while (end < words.length && !isFlag(words[end])) end++;
    return this.#add(main, words.slice(at, end).join(' '), words.slice(at + 1, end), end);
  }

  #add(name: string, text: string, values: readonly string[], next: number): number {
    if (this.#backend === 'vllm' && name.includes('.')) return this.#addPart(name, text, values[0] ?? 'true', next);
    this.#given.set(name, { text: SECRETS.has(name) ? `${name} ...` : text, values });
    return next;
  }

  /** `--speculative-config.method mtp`: one key of a flag that holds JSON. */
  #addPart(name: string, text: string, value: string, next: number): number {
    const [flag, ...keys] = name.split('.');
    const main = this.#find(flag)?.name ?? flag;
    const before = this.#given.get(main);
    const whole = before === undefined ? {} : (parsed(before.values[0]) as object);
    const merged = withValue(
      whole,
      keys.map((key) => key.replaceAll('-', '_')),
      parsed(value),
      name,
    );
    const told = before === undefined ? text : `${before.text} ${text}`;
    this.#given.set(main, { text: told, values: [JSON.stringify(merged)] });
    return next;
  }

  /** By name, or by a beginning that only one flag has, as argparse takes it. */
  #find(name: string): Known | undefined {
    const exact = this.#known.get(name);
    if (exact !== undefined || !name.startsWith('--') || this.#backend === 'trtllm') return exact;
    const longer = [...this.#known].filter(([known]) => known.startsWith(name));
    const targets = new Set(longer.map(([, { name: main }]) => main));
    return targets.size === 1 ? longer[0][1] : undefined;
  }
}

/** JSON where it is any, in Python's words for yes and no too; the text itself otherwise. */
function parsed(text: string): unknown {
  if (text === 'True' || text === 'False') return text === 'True';
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What they hold is nobody's business. */
const SECRETS = new Set(['--api-key', '--admin-api-key', '--hf-token']);

function isFlag(word: string): boolean {
  return /^--?[A-Za-z]/.test(word);
}

/** vLLM takes dashes for underscores, TensorRT-LLM has underscores. */
function normalize(backend: Backend, flag: string): string {
  if (!flag.startsWith('--')) return flag;
  if (backend === 'trtllm') return `--${flag.slice(2).replaceAll('-', '_')}`;
  return backend === 'vllm' ? `--${flag.slice(2).replaceAll('_', '-')}` : flag;
}

const tables = new Map<Backend, ReadonlyMap<string, Known>>();

/** Every flag of a backend that has a meaning here, by each of its names. */
function knownFlags(backend: Backend): ReadonlyMap<string, Known> {
  const ready = tables.get(backend);
  if (ready !== undefined) return ready;
  const table = new Map<string, Known>();
  const add = (name: string, arity: Arity, main = name) => table.set(name, { name: main, arity });
  for (const knob of KNOBS as readonly Knob[]) {
    const told = knob.engines?.[backend];
    if (told === undefined) continue;
    const arity = knob.domain.kind === 'boolean' ? 'switch' : 'value';
    if (told.flag !== undefined) add(told.flag, arity);
    if (told.off !== undefined) add(told.off, arity);
    for (const other of told.also ?? []) add(other, arity, told.flag);
  }
  const { ignored, refused } = OTHER_FLAGS[backend];
  for (const { values = [], switches = [], lists = [] } of [...ignored, ...refused, SPECIAL_FLAGS[backend]]) {
    for (const name of values) add(name, 'value');
    for (const name of lists) add(name, 'list');
    for (const name of switches) {
      add(name, 'switch');
      if (backend === 'vllm') add(name.replace(/^--/, '--no-'), 'switch');
    }
  }
  for (const [name, main] of Object.entries(SPECIAL_FLAGS[backend].also ?? {})) {
    add(name, table.get(main)!.arity, main);
  }
  tables.set(backend, table);
  return table;
}
