import type { EngineLoad } from '../../engine/engineCore.ts';
import type { Worker } from '../worker.ts';

/** Chooses a worker for each request of one group. */
export interface Router {
  /** Whether `choose` reads the workers' state; if not, they need not be advanced. */
  readonly readsState: boolean;
  /** Index into `candidates` (never empty, advanced to now) for a request of `inputTokens` prompt tokens. */
  choose(request: number, inputTokens: number, candidates: readonly Worker[]): number;
}

export function emptyLoad(): EngineLoad {
  return { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 };
}
