import type { ExactSum } from '../base/exactSum.ts';
import type { LogHistogram } from '../base/logHistogram.ts';
import type { RequestLog } from '../engine/requestLog.ts';

/** Totals of one replica over the run. */
export interface WorkerTotals {
  readonly pool: number;
  readonly replica: number;
  readonly passes: number;
  /** Sum of pass durations, ns. */
  readonly busyNs: number;
  /** Busy ns of passes that held prefill tokens, and of decode-only passes, by index into BOUNDS. */
  readonly prefillBoundNs: readonly number[];
  readonly decodeBoundNs: readonly number[];
  readonly preemptions: number;
  /** Sum over passes of sequences in the batch; divided by passes: the mean batch. */
  readonly batchSum: number;
  readonly usableBlocks: number;
  /** Prompt tokens looked up, and of them found in the prefix cache (first admissions and re-admissions alike). */
  readonly lookupTokens: number;
  readonly hitTokens: number;
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
}
