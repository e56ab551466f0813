/** One knob in an engine's words and back, for those that are one flag or key each. */
import type { Backend } from '../catalog/engineProfile.ts';
import { parseVersion } from '../catalog/engineVersion.ts';
import type { EngineFlag, Knob } from '../config/knob.ts';
import { CACHE_KNOBS } from '../config/knobs/cacheKnobs.ts';
import { SCHEDULER_KNOBS } from '../config/knobs/schedulerKnobs.ts';
import { knobAt } from '../config/knobs.ts';
import type { SpecialFlags } from './specialFlags.ts';
import { SPECIAL_FLAGS } from './specialFlags.ts';

const W = 'engine.workers.<role>.';

export interface PlainKnob {
  readonly knob: Knob;
  readonly told: EngineFlag;
  /** Below the worker: `scheduler.async`. */
  readonly path: string;
}

/** Knobs that each stand alone in this engine's command or options file. */
export function plainKnobs(backend: Backend): PlainKnob[] {
  const special = SPECIAL_FLAGS[backend];
  const isSpecial = (name: string | undefined): boolean => name !== undefined && isAmong(special, name);
  const exchange = knobAt('engine.workers.<role>.parallelism.moe_exchange');
  return ([exchange, ...SCHEDULER_KNOBS, ...CACHE_KNOBS] as readonly Knob[]).flatMap((knob) => {
    const told = knob.engines?.[backend];
    if (told === undefined || isSpecial(told.flag) || isSpecial(told.off)) return [];
    return [{ knob, told, path: knob.path.slice(W.length) }];
  });
}

/** The longest request an engine serves, told in every engine. */
export function contextFlag(backend: Backend): EngineFlag {
  return (knobAt('engine.context_length') as Knob).engines![backend]!;
}

function isAmong({ values = [], switches = [], lists = [] }: SpecialFlags, name: string): boolean {
  return values.includes(name) || switches.includes(name) || lists.includes(name);
}

/** Our value as the engine has it: counts of all ranks together, its own words. */
export function toEngine({ told }: PlainKnob, value: unknown, ranks: number): unknown {
  if (typeof value === 'number' && told.sumsRanks === true) return value * ranks;
  return typeof value === 'string' ? (told.words?.[value] ?? value) : value;
}

/** The engine's value as ours; null where it is not one we know. */
export function fromEngine({ knob, told }: PlainKnob, value: unknown, ranks: number): unknown {
  const { domain } = knob;
  if (domain.kind === 'boolean') return asSwitch(value);
  if (domain.kind === 'choice') return asChoice(String(value), domain.choices, told);
  const number = asNumber(value);
  if (number === null) return null;
  return told.sumsRanks === true ? Math.max(1, Math.floor(number / ranks)) : number;
}

function asSwitch(value: unknown): boolean | null {
  const text = String(value).toLowerCase();
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : null;
}

function asChoice(word: string, choices: readonly string[], { words = {}, reads = {} }: EngineFlag): string | null {
  if (reads[word] !== undefined) return reads[word];
  if (choices.includes(word) && words[word] === undefined) return word;
  const ours = Object.keys(words).find((key) => words[key] === word);
  return ours ?? (choices.includes(word) ? word : null);
}

const SUFFIXES: Readonly<Record<string, number>> = {
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** `8192`, `0.9`, and vLLM's `8k` (thousands), `8K` (1024s), `25.6k`; null for anything else. */
export function asNumber(value: unknown): number | null {
  if (typeof value === 'number') return value;
  const match = /^(-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([kmgtKMGT]?)$/.exec(String(value));
  if (match === null) return null;
  return match[2] === '' ? Number(match[1]) : Math.round(Number(match[1]) * SUFFIXES[match[2]]);
}

/** The version in an image's tag: `vllm/vllm-openai:v0.19.0`, `lmsysorg/sglang:v0.5.6.post2-cu126`. */
export function versionOfImage(image: string): string | null {
  const tag = /:v?(\d+\.\d+(?:\.\d+)?(?:\.?(?:post|rc)\d+)*)/.exec(image)?.[1];
  return tag !== undefined && parseVersion(tag) !== null ? tag : null;
}
