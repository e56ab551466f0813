import type { ExactSum } from '../base/exactSum.ts';
import type { LogHistogram } from '../base/logHistogram.ts';
import type { EngineTotals } from '../engine/engineTotals.ts';
import type { RequestLog } from '../engine/requestLog.ts';

/** Totals of one replica over the run, and which replica it is. */
export interface WorkerTotals extends EngineTotals {
  readonly pool: number;
  readonly replica: number;
}

/** The fleet's state at regular virtual times (columns of equal length). */
export interface FleetSamples {
  readonly intervalNs: number;
  readonly timeNs: readonly number[];
  /** Requests arrived and not finished. */
  readonly inFlight: readonly number[];
  readonly running: readonly number[];
  readonly waiting: readonly number[];
  /** Used share of all KV pages, 0..1. */
  readonly kvUsage: readonly number[];
}

/** What a network carried: links that saw any traffic. */
export interface NetworkUse {
  readonly transfers: number;
  readonly links: readonly {
    readonly name: string;
    readonly bytesPerS: number;
    readonly bytes: number;
    /** Time with at least one transfer on it. */
    readonly busyNs: number;
  }[];
}

/** What went wrong, and whom it hit. */
export interface Losses {
  /** Workers that went down, each time. */
  readonly crashes: number;
  /** Attempts at requests that were lost with their workers. */
  readonly lostAttempts: number;
  /** Requests that started anew, however often. */
  readonly retriedRequests: number;
  /** Requests turned away because too many were in the system. */
  readonly shed: number;
}

export interface SimulationResult {
  readonly log: RequestLog;
  /** Requests that were released (arrived or dispatched); only those count as submitted. `drop`ped ones are not. */
  readonly submitted: number;
  /** From the first arrival (0) to the last event, ns. */
  readonly durationNs: number;
  readonly passes: number;
  readonly workers: readonly WorkerTotals[];
  /** All token gaps pooled, ns. */
  readonly gaps: LogHistogram;
  /** Integral of requests in flight over time: Little's law says it equals the sum of e2e times. */
  readonly inFlightIntegralNs: ExactSum;
  readonly samples: FleetSamples | null;
  /** Null: transfers did not share a network. */
  readonly network: NetworkUse | null;
  readonly losses: Losses;
}
