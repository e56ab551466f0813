import type { EngineCore, EngineLoad } from '../../engine/engineCore.ts';

/** A worker as a router sees it; `core` has been advanced to the moment of the choice. */
export interface Candidate {
  /** Number in the fleet. */
  readonly worker: number;
  readonly core: EngineCore;
  /** Tokens of one KV page there. */
  readonly pageTokens: number;
}

/** Chooses a worker for each request of one group of candidates. */
export interface Router {
  /** Whether `choose` reads the workers' state; if not, they need not be advanced. */
  readonly readsState: boolean;
  /** Index into `candidates` (never empty) for a request of `inputTokens` prompt tokens. */
  choose(request: number, inputTokens: number, candidates: readonly Candidate[]): number;
}

export function emptyLoad(): EngineLoad {
  return { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 };
}
