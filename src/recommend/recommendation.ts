/** `recommendation.json`: the answer to a goal. Snake case, plain data; `summary` is the whole report of the candidate. */
import type { PredictConfig } from '../config/predictConfig.ts';
import type { Report, SloSpec } from '../metrics/report.ts';
import type { RefusalCounts } from './refusal.ts';

/** A metric by its leaf in the report (`usd_per_hour`) or a statistic (`p95_ttft_ms`), and which way is better. */
export interface Objective {
  readonly metric: string;
  readonly direction: 'minimize' | 'maximize';
}

/**
 * - `given_load`: one trace or rate; cost against latency at that load.
 * - `load_ladder`: concurrency or rate is part of the candidate; throughput per GPU against throughput per user.
 * - `capacity`: the highest load multiplier of a given trace that each deployment holds within the SLO.
 */
export type GoalKind = 'given_load' | 'load_ladder' | 'capacity';

export interface Goal {
  readonly kind: GoalKind;
  /** The first is what the pick optimises; all of them span the frontier. */
  readonly objectives: readonly Objective[];
  readonly slo: SloSpec | null;
  /** What was asked, as one sentence. */
  readonly sentence: string;
}

/** One simulated deployment (and load). `dynosim predict -c <files.config>` gives exactly `summary`. */
export interface Evaluated {
  /** First 12 hex digits of the config's hash. */
  readonly id: string;
  /** Short name of the deployment: `3x TP4 h200_sxm` or `prefill 2x TP2 + decode 1x TP4 h200_sxm`. */
  readonly shape: string;
  readonly config: PredictConfig;
  readonly summary: Report;
  /** GPUs of the deployment. */
  readonly gpus: number;
  /** The load it was simulated at: multiplier of the given one (1 = as given), or the rung of a ladder (of speed-ups: the speed-up). */
  readonly load: {
    readonly type: 'multiplier' | 'concurrency' | 'requests_per_second';
    readonly value: number;
  };
  /** Within the SLO and every constraint. */
  readonly feasible: boolean;
  /** What it violates: a bound or rule by name (`p95_ttft_ms <= 3000`); empty when feasible. */
  readonly violations: readonly string[];
  /** Relative to the output directory. Empty until written. */
  readonly files: { readonly config?: string };
}

/**
 * Counts of candidates over the whole space, each in one place:
 * `enumerated` = `illegal` + `no_memory` + `bounded_out` + `duplicate` + `short` + `full` + `failed` + `not_run`.
 */
export interface Tried {
  readonly enumerated: number;
  /** Shapes the model or the hardware forbids. */
  readonly illegal: number;
  /** Weights, activations or one sequence do not fit. */
  readonly no_memory: number;
  /** Refused by a bound that needs no simulation: GPUs, price, a latency that no pass can be short enough for. */
  readonly bounded_out: number;
  /** The same deployment as another candidate, which was simulated for both. */
  readonly duplicate: number;
  /** Simulated in part: on a slice of the workload, or until a bound of the SLO was out of reach. */
  readonly short: number;
  /** Simulated to the end: those in `points`. */
  readonly full: number;
  /** Their simulation failed; see `failures`. */
  readonly failed: number;
  /** The search had no reason to simulate them; or, when `truncated`, did not come to them. */
  readonly not_run: number;
  /** Simulations: one a candidate, several where its highest load was looked for or where it was simulated once more. */
  readonly simulations: number;
  /** Simulated forward passes over all simulations. */
  readonly passes: number;
}

/** Why simulations failed, in the words of the failure. */
export interface FailureCount {
  readonly message: string;
  readonly candidates: number;
}

/** How many simulated candidates break a bound, most first: which constraint kills most. */
export interface ViolationCount {
  readonly rule: string;
  readonly candidates: number;
}

/** Every simulated candidate in brief, for tables and the frontier chart. */
export interface Point {
  readonly id: string;
  readonly shape: string;
  readonly mode: 'aggregated' | 'disaggregated';
  readonly gpus: number;
  readonly load: number;
  readonly feasible: boolean;
  readonly on_frontier: boolean;
  /** Values of the goal's objectives, in order. */
  readonly objectives: readonly number[];
}

/** The user's own deployment on the same workload; over a ladder of loads, at the rung that suits it best. */
export interface BaselineComparison extends Evaluated {
  /** Relative change of each objective from baseline to pick, (pick - baseline) / baseline; null without a pick. */
  readonly change: Readonly<Record<string, number>> | null;
}

export interface Recommendation {
  readonly schema_version: 1;
  readonly dynosim_version: string;
  readonly config_hash: string;
  readonly seed: number;
  readonly goal: Goal;
  /** Pareto frontier of the feasible candidates (of all of them when none is feasible), ordered by the first objective, best first. */
  readonly frontier: readonly Evaluated[];
  /** null when no candidate is feasible. */
  readonly pick: Evaluated | null;
  /** The best of a different shape. */
  readonly runner_up: Evaluated | null;
  /** Sentences: what the pick costs and holds, what it beats and by how much, what binds it. */
  readonly why: readonly string[];
  readonly baseline: BaselineComparison | null;
  readonly tried: Tried;
  /** Why candidates were refused before simulation: sentence to count, most first. */
  readonly reasons: readonly RefusalCounts[];
  /** Why simulations failed, most first; empty when none did. */
  readonly failures: readonly FailureCount[];
  /** Which bounds simulated candidates break, most first; of a candidate cut short the bound it could no longer meet. */
  readonly violations: readonly ViolationCount[];
  /** Every candidate simulated to its end, in order of enumeration. */
  readonly points: readonly Point[];
  /** Of the frontier, share of the box between the best and the worst values among the feasible (all when none is), 0..1; null with other than 2 or 3 objectives. */
  readonly hypervolume: number | null;
  /** Interrupted or out of budget: the frontier is of what finished. */
  readonly truncated: boolean;
  readonly elapsed: { readonly wall_ms: number; readonly simulation_ms: number; readonly threads: number };
}
