/**
 * Every scalar field of the configuration, declared once as plain data: where it stands, what it may be, its unit and
 * default, and how each real engine is told. Schema, JSON Schema, search, import and deploy read these declarations.
 * Flags are those of vLLM 0.14 to 0.28, SGLang 004813e1 and TensorRT-LLM 1.1 to 1.2.
 */
import type { Backend } from '../catalog/engineProfile.ts';
import { isSince } from '../catalog/engineVersion.ts';
import type { EngineFlag, Knob } from './knob.ts';
import { CACHE_KNOBS } from './knobs/cacheKnobs.ts';
import { ENGINE_KNOBS } from './knobs/engineKnobs.ts';
import { FAULT_KNOBS } from './knobs/faultKnobs.ts';
import { GOAL_KNOBS } from './knobs/goalKnobs.ts';
import { NETWORK_KNOBS } from './knobs/networkKnobs.ts';
import { PARALLELISM_KNOBS } from './knobs/parallelismKnobs.ts';
import { PLANNER_KNOBS } from './knobs/plannerKnobs.ts';
import { ROUTER_KNOBS } from './knobs/routerKnobs.ts';
import { SCHEDULER_KNOBS } from './knobs/schedulerKnobs.ts';
import { SPECULATION_KNOBS } from './knobs/speculationKnobs.ts';
import { TIER_KNOBS } from './knobs/tierKnobs.ts';
import { TIMING_KNOBS } from './knobs/timingKnobs.ts';
import { TRAFFIC_KNOBS } from './knobs/trafficKnobs.ts';
import { TRANSFER_KNOBS } from './knobs/transferKnobs.ts';

export const KNOBS = [
  ...TRAFFIC_KNOBS,
  ...ENGINE_KNOBS,
  ...TRANSFER_KNOBS,
  ...PARALLELISM_KNOBS,
  ...SCHEDULER_KNOBS,
  ...CACHE_KNOBS,
  ...TIER_KNOBS,
  ...SPECULATION_KNOBS,
  ...TIMING_KNOBS,
  ...ROUTER_KNOBS,
  ...NETWORK_KNOBS,
  ...PLANNER_KNOBS,
  ...FAULT_KNOBS,
  ...GOAL_KNOBS,
] as const satisfies readonly Knob[];

export type KnobPath = (typeof KNOBS)[number]['path'];

const BY_PATH: ReadonlyMap<string, Knob> = new Map(KNOBS.map((knob) => [knob.path, knob]));

/** The declaration of a path in which roles may be spelled out, and pools and other elements of lists numbered. */
export function findKnob(path: string): Knob | undefined {
  const general = path.replace(/^engine\.workers\.(aggregated|prefill|decode)\./, 'engine.workers.<role>.');
  return BY_PATH.get(general.replace(/\.\d+(?=\.)/, ''));
}

export function knobAt(path: KnobPath): Knob {
  return BY_PATH.get(path)!;
}

/** The declared default; a bug to ask where there is none. */
export function knobDefault<T extends string | number | boolean | null>(path: KnobPath): T {
  const value = knobAt(path).default;
  if (value === undefined) throw new Error(`${path} has no default`);
  return value as T;
}

/** How a backend of that version is told; undefined where it does not have the knob. Every engine has a knob that names none. */
export function engineFlag(knob: Knob, backend: Backend, version: string): EngineFlag | undefined {
  if (knob.engines === undefined) return {};
  const flag = knob.engines[backend];
  return flag?.since === undefined || isSince(version, flag.since) ? flag : undefined;
}
