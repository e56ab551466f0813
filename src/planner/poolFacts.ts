import type { PoolSpec, Role } from '../cluster/scenario.ts';
import type { EngineConfig } from '../engine/engineConfig.ts';
import { PassShape } from '../timing/passShape.ts';
import type { PassSample } from './regression.ts';

/** What a planner is told about a pool before it starts. */
export interface PoolFacts {
  readonly name: string;
  readonly role: Role;
  readonly replicas: number;
  readonly contextTokens: number;
  readonly batchTokens: number;
  readonly maxSequences: number;
  /** Of one replica. */
  readonly capacityTokens: number;
  /** Passes measured beforehand, as a profiler measures them. */
  readonly profile: readonly PassSample[];
}

export function poolFactsOf(pool: PoolSpec): PoolFacts {
  const { name, role, replicas, engine } = pool;
  const capacityTokens = (engine.blocks - 1) * engine.blockTokens;
  return {
    name,
    role,
    replicas,
    contextTokens: engine.contextLength,
    batchTokens: batchTokensOf(engine),
    maxSequences: engine.maxSequences,
    capacityTokens,
    profile: profileOf(pool, capacityTokens),
  };
}

/** Prompt tokens of the largest pass. */
function batchTokensOf(engine: EngineConfig): number {
  return engine.backend === 'sglang'
    ? (engine.chunkedPrefillTokens ?? engine.maxPrefillTokens)
    : engine.maxBatchedTokens;
}

const STEPS = [0.1, 0.4, 0.7, 1];
/** Tokens a sequence holds in the profile. */
const PROFILE_CONTEXT = 1024;

/** Passes on a grid of what a pool's role does: prompt tokens, decoding sequences, or both. */
function profileOf({ role, engine, timer }: PoolSpec, capacityTokens: number): PassSample[] {
  const batchTokens = batchTokensOf(engine);
  const most = Math.min(engine.maxSequences, Math.floor(capacityTokens / PROFILE_CONTEXT), batchTokens - 1);
  const passes = (role === 'decode' ? [0] : [0, ...STEPS]).flatMap((prompt) =>
    (role === 'prefill' ? [0] : [0, ...STEPS]).map((decode) => {
      const decodes = Math.floor(decode * Math.max(1, most));
      return { decodes, prefillTokens: Math.floor(prompt * (batchTokens - decodes)) };
    }),
  );
  return passes
    .filter(({ decodes, prefillTokens }) => decodes + prefillTokens > 0)
    .map(({ decodes, prefillTokens }) => {
      const shape = new PassShape(timer.window);
      const contextTokens = decodes * PROFILE_CONTEXT;
      const windowed = decodes * Math.min(PROFILE_CONTEXT, timer.window);
      if (decodes > 0) shape.setDecodes(decodes, contextTokens, windowed);
      if (prefillTokens > 0) shape.addChunk(0, prefillTokens, true);
      return { ns: timer.passNs(shape), prefillTokens, decodes, kvTokens: contextTokens };
    });
}
