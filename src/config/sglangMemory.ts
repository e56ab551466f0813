import type { SpeculationConfig } from './predictConfig.ts';

/** From here on SGLang keeps at least LARGE_RESERVE_MIB free. */
const LARGE_GPU_MIB = 60 * 1024;
const LARGE_RESERVE_MIB = 10_240;

export interface StaticMemory {
  readonly memoryMib: number;
  /** `--chunked-prefill-size`, or `--max-prefill-tokens` where prompts are not cut: of the whole replica. */
  readonly prefillTokens: number;
  readonly graphSize: number;
  /** Tensor parallelism as SGLang counts it, attention-DP ranks included. */
  readonly tensor: number;
  readonly pipeline: number;
  readonly attentionDataRanks: number;
  readonly speculation: SpeculationConfig | null;
}

/**
 * `mem_fraction_static` where nobody sets it (SGLang 5c8bd8b51, srt/server_args.py): what metadata, activations, CUDA
 * graphs and communication leave, to three digits.
 */
export function memFractionStatic(on: StaticMemory): number {
  const { memoryMib, graphSize, attentionDataRanks } = on;
  let reserve = 512 + 1.5 * Math.max(on.prefillTokens, 2048);
  reserve += 2 * graphSize + (on.tensor * on.pipeline * 1024) / 8;
  if (attentionDataRanks > 1) {
    reserve += 3 * graphSize * attentionDataRanks;
    if (graphSize > 300) reserve += 1.5 * graphSize * attentionDataRanks;
  }
  if (memoryMib > LARGE_GPU_MIB) reserve = Math.max(reserve, LARGE_RESERVE_MIB);
  return Math.round(((memoryMib - reserve - draftReserveMib(on.speculation)) / memoryMib) * 1000) / 1000;
}

function draftReserveMib(speculation: SpeculationConfig | null): number {
  if (speculation === null || speculation.method === 'ngram') return 0;
  return speculation.method === 'draft_model' ? 6144 : 2048;
}

const SLOTS = { least: 2048, most: 4096, perContext: 512 };

/**
 * Requests a rank may run where nobody sets `max_running_requests`: half the tokens its cache holds, and no more than there are
 * request slots (SGLang 5c8bd8b51, srt/model_executor/model_runner.py).
 */
export function runningRequests(cacheTokens: number, contextTokens: number): number {
  const wanted = Math.floor((cacheTokens / contextTokens) * SLOTS.perContext);
  const slots = Math.min(SLOTS.most, Math.max(SLOTS.least, wanted));
  return Math.max(1, Math.min(Math.floor(cacheTokens / 2), slots));
}
