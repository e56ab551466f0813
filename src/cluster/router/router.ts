import type { EngineLoad } from '../../engine/engineCore.ts';
import type { RequestLog } from '../../engine/requestLog.ts';
import type { RequestTable } from '../../engine/requestTable.ts';
import type { Worker } from '../worker.ts';
import type { Bookings } from './bookings.ts';

/** Chooses a worker for each request of one group. */
export interface Router {
  /** Whether `choose` reads the workers' state; if not, they need not be advanced. */
  readonly readsState: boolean;
  /** Index into `candidates` (never empty, advanced to now). */
  choose(request: number, candidates: readonly Worker[], nowNs: number): number;
  /** Requests that go elsewhere before one can go to the candidate at `place`, whatever they are; left out: it may be the next. */
  requestsBefore?(place: number, candidates: readonly Worker[]): number;
  /** What it has sent to a worker and not seen finished, if it keeps book of that. */
  readonly bookings?: ((worker: Worker) => Bookings) | undefined;
  /** The worker's number has gone to another replica. */
  forget?(worker: Worker): void;
}

/** What routers are made of. */
export interface RouterSetup {
  readonly table: RequestTable;
  readonly log: RequestLog;
  readonly seed: number;
  /** Names the group's random streams. */
  readonly group: string;
  readonly loads: Loads;
}

/** The load of workers as the router knows it. */
export interface Loads {
  /** Valid until the next call. */
  of(worker: Worker): EngineLoad;
}

export function emptyLoad(): EngineLoad {
  return { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 };
}
