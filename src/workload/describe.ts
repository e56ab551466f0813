import { NS_PER_MS } from '../base/units.ts';
import { type ArrivalShape, arrivalShape } from './arrivalShape.ts';
import { type ArrivalClock, readClock } from './clock.ts';
import type { Workload } from './workload.ts';

export interface LengthSummary {
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** What a workload looks like, before anything serves it. */
export interface WorkloadSummary {
  readonly requests: number;
  /** First turns: conversations, and requests that stand alone. */
  readonly sessions: number;
  /** From the first to the last first turn. */
  readonly durationMs: number;
  /** All requests over that time; 0 when it is 0. */
  readonly requestsPerS: number;
  readonly inputTokens: LengthSummary;
  readonly outputTokens: LengthSummary;
  /** Prompt blocks that a cache of infinite size would hold when their request comes, in authored order; 0..1. */
  readonly reusedBlockRatio: number;
  /** The same in tokens, a block of which only the beginning is known counting for that beginning. */
  readonly reusedTokenRatio: number;
  readonly clock: ArrivalClock;
  readonly arrivals: ArrivalShape;
  readonly warnings: readonly string[];
}

export function describeWorkload(workload: Workload): WorkloadSummary {
  const clock = readClock(workload);
  const lastArrivalNs = workload.arrivalNs.reduce((latest, time) => Math.max(latest, time), 0);
  return {
    requests: workload.count,
    sessions: clock.arrivals,
    durationMs: lastArrivalNs / NS_PER_MS,
    requestsPerS: lastArrivalNs === 0 ? 0 : workload.count / (lastArrivalNs / 1e9),
    inputTokens: summarize(workload.inputTokens),
    outputTokens: summarize(workload.outputTokens),
    ...measureReuse(workload),
    clock,
    arrivals: arrivalShape(workload),
    warnings: workload.warnings,
  };
}

function summarize(values: Int32Array): LengthSummary {
  const sorted = Int32Array.from(values).sort();
  if (sorted.length === 0) return { mean: 0, p50: 0, p95: 0, max: 0 };
  const quantile = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  const sum = sorted.reduce((total, value) => total + value, 0);
  return { mean: sum / sorted.length, p50: quantile(0.5), p95: quantile(0.95), max: sorted[sorted.length - 1] };
}

function measureReuse(workload: Workload): Pick<WorkloadSummary, 'reusedBlockRatio' | 'reusedTokenRatio'> {
  const { count, inputTokens, outputTokens, blockTokens, blockOffsets, blockIds } = workload;
  /** Of each block, how many tokens from its beginning some earlier request held. */
  const knownTokens = new Float64Array(workload.blockIdCount);
  let blocks = 0;
  let reusedBlocks = 0;
  let tokens = 0;
  let reusedTokens = 0;
  for (let i = 0; i < count; i++) {
    blocks += Math.ceil(inputTokens[i] / blockTokens);
    tokens += inputTokens[i];
    const start = blockOffsets[i];
    for (let at = start; at < blockOffsets[i + 1]; at++) {
      const before = (at - start) * blockTokens;
      const known = knownTokens[blockIds[at]];
      const ofPrompt = Math.min(blockTokens, inputTokens[i] - before);
      if (ofPrompt > 0 && known > 0) {
        reusedBlocks += 1;
        reusedTokens += Math.min(known, ofPrompt);
      }
      const held = Math.min(blockTokens, inputTokens[i] + outputTokens[i] - before);
      knownTokens[blockIds[at]] = Math.max(known, held);
    }
  }
  return {
    reusedBlockRatio: blocks === 0 ? 0 : reusedBlocks / blocks,
    reusedTokenRatio: tokens === 0 ? 0 : reusedTokens / tokens,
  };
}
