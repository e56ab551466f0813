import type { EngineLoad } from '../engineCore.ts';
import type { Job, Share } from './job.ts';

/** One backend's decisions for one attention-DP rank, in the plainest terms. */
export interface PlainScheduler {
  readonly usablePages: number;
  readonly evictedPages: number;
  /** No pass begins before: KV is copied up from the tiers. Left out: nothing ever is in its way. */
  readonly loadedNs?: number;
  enqueue(job: Job): void;
  remoteArrived(request: number, nowNs: number): void;
  releaseHeld(request: number): void;
  /** The request is given up: it leaves all lists and lets its pages go. Returns its job, or null if it was held. */
  cancel(request: number, nowNs: number): Job | null;
  /**
   * Shares of the next pass, none if nothing can run. `inFlight` are the rank's shares of passes in flight, oldest first; what
   * becomes of those of a job that is evicted is written into them.
   */
  form(inFlight: readonly (readonly Share[])[], nowNs: number): Share[];
  /** The pass is over, tokens are counted: whoever is through leaves. */
  settle(shares: readonly Share[], nowNs: number): void;
  admits(inputTokens: number, outputTokens: number): boolean;
  addLoad(load: EngineLoad): void;
  cachedTokens(request: number): number;
}
