import type { Batch } from './batch.ts';
import type { EngineLoad } from './engineCore.ts';
import type { Sequence } from './sequence.ts';

/**
 * One backend's decisions for one attention-DP rank: who runs, who waits, who holds which pages. It knows nothing of time
 * but what time it is; the driver says when a batch is formed and when its results are known. Batches are settled in the
 * order in which they were formed.
 */
export interface Scheduler {
  readonly usablePages: number;
  readonly evictedPages: number;
  /** A sequence arrives. Returns false if whatever is formed before somebody leaves will be the same without it. */
  enqueue(sequence: Sequence): boolean;
  /** The KV has arrived that the host's `reserved` asked for, or `onboards` announced for now (others are passed over). */
  remoteArrived(request: number, nowNs: number): void;
  /** Prefill worker: the KV held since the host's `prefilled` has been fetched. */
  releaseHeld(request: number): void;
  /**
   * The request is given up: it leaves everything, batches in flight too, and lets its pages go. Returns its sequence, `generated` and
   * not `owed` being the tokens that are out; null if it was held.
   */
  cancel(request: number, nowNs: number): Sequence | null;
  /** Puts the next batch, which is cleared and has its lane, together from what is known; false: nothing can run. */
  form(batch: Batch, nowNs: number): boolean;
  /** The batch is over and its tokens are out: whoever is in `batch.finished` leaves. */
  settle(batch: Batch, nowNs: number): void;
  /**
   * How many batches after the one formed last may consist of the lane's decodes alone, with `form` and `settle` doing nothing
   * else (a last token may come out of the last of them). Exact only below `atMost`.
   */
  steadyPasses(batch: Batch, atMost: number): number;
  /** Pages for `passes` such batches, about to be formed, the last of them at `lastNs`. */
  formSteady(batch: Batch, passes: number, lastNs: number): void;
  /** Whether the engine could ever serve the request. */
  admits(inputTokens: number, outputTokens: number): boolean;
  /** Adds its part to `load`. */
  addLoad(load: EngineLoad): void;
  /** Prompt tokens of the request that are in the rank's prefix cache. */
  cachedTokens(request: number): number;
}
