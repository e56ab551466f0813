import type { ExactSum } from '../base/exactSum.ts';
import type { LogHistogram } from '../base/logHistogram.ts';
import type { EngineTotals } from '../engine/engineTotals.ts';
import type { RequestLog } from '../engine/requestLog.ts';
import type { PresenceTimes } from './presence.ts';

/** Totals of one replica over the run, and which replica it is. */
export interface WorkerTotals extends EngineTotals {
  readonly pool: number;
  readonly replica: number;
  readonly presence: PresenceTimes;
}

/** Replicas of a pool from this moment on. */
export interface ReplicaCount {
  readonly timeNs: number;
  readonly pool: number;
  readonly starting: number;
  readonly ready: number;
  readonly draining: number;
  readonly down: number;
}

/** Replicas by pool: as they were to be until then, as the policy wanted them, and what its limits left of that. */
export interface ScalingDecision {
  readonly timeNs: number;
  readonly from: readonly number[];
  readonly wanted: readonly number[];
  readonly granted: readonly number[];
  readonly reason: string;
}

/** What a planner saw and did. */
export interface ScalingRecord {
  readonly intervalNs: number;
  /** In the interval before each tick. */
  readonly arrivals: readonly number[];
  /** Those that ask for something new. */
  readonly decisions: readonly ScalingDecision[];
  /** At the beginning, and whenever one of them changes. */
  readonly replicas: readonly ReplicaCount[];
  /** Most GPUs held at a time, warm ones included. */
  readonly gpusPeak: number;
  /** Nodes kept warm, by pool. */
  readonly warmReplicas: readonly number[];
  /** Replicas that began to start in another role, on the node they had. */
  readonly reroled: number;
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

/** Who had prompts computed by somebody else, by request. */
export interface HandOvers {
  /** The prefill worker that computed the prompt in the last attempt; -1 = whoever served it did that itself. */
  readonly source: Int32Array;
  /** When the decode worker looked for it in its own cache, and kept room for the rest. */
  readonly reservedNs: Float64Array;
}

/** What went wrong, and whom it hit. */
export interface Losses {
  /** Workers that went down, each time. */
  readonly crashes: number;
  /** Attempts at requests that were lost with their workers, or by a hand-over that took too long. */
  readonly lostAttempts: number;
  /** Requests that started anew, however often. */
  readonly retriedRequests: number;
  /** Of the lost attempts, those after which the request kept the tokens that were out, and those whose tokens are lost. */
  readonly migrations: number;
  readonly lostOutputs: number;
  /** Hand-overs that took too long. */
  readonly timedOut: number;
  /** Requests turned away because too many were in the system, or too much of the KV cache was in use. */
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
  /** Null: prefill and decode are not apart. */
  readonly handOvers: HandOvers | null;
  /** Null: there was no planner. */
  readonly scaling: ScalingRecord | null;
}
