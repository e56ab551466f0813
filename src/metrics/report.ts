/** `report.json`: the shape is the contract; see docs/report.md for every key. */
import type { StateName } from '../engine/requestLog.ts';

export interface Distribution {
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly std: number;
  readonly count: number;
}

export type LatencyName = 'ttft_ms' | 'tpot_ms' | 'itl_ms' | 'max_gap_ms' | 'e2e_ms' | 'queue_ms';
/** Milliseconds by state; states nobody was in are 0. */
export type AttributionVector = Readonly<Record<StateName, number>>;
export interface BoundShares {
  readonly compute: number;
  readonly hbm: number;
  readonly interconnect: number;
  readonly launch: number;
}

/** Bounds on one class of requests: metric -> statistic -> milliseconds, e.g. `{ ttft_ms: { p95: 1500 } }`. */
export type SloStatistic = 'mean' | 'p50' | 'p75' | 'p90' | 'p95' | 'p99' | 'max';
export type SloMetric = 'ttft_ms' | 'tpot_ms' | 'itl_ms' | 'e2e_ms';
export type SloBounds = Readonly<Partial<Record<SloMetric, Readonly<Partial<Record<SloStatistic, number>>>>>>;
export interface SloSpec extends SloBounds {
  readonly classes?: Readonly<Record<string, SloBounds>>;
}

export interface SloVerdict {
  /** Share of submitted requests whose every bounded per-request value is within its bound. */
  readonly attained_ratio: number;
  /** Every stated statistic is within its bound. */
  readonly met: boolean;
  /** Smallest relative slack over the stated bounds, (bound - value) / bound; negative when missed, null without an SLO. */
  readonly worst_slack: number | null;
}

export interface NetworkReport {
  readonly transfers: number;
  /** The link with the largest share of its capacity used; null when nothing was transferred. */
  readonly busiest_link: string | null;
  /** Of its capacity over the whole run, and of the time with anything on it; 0 for a link without a limit. */
  readonly busiest_link_used_ratio: number;
  readonly busiest_link_busy_ratio: number;
}

/** What carried the largest share of what it could over the run. */
export interface BusiestLink {
  readonly name: string;
  readonly used_ratio: number;
}

/** What faults did; requests that failed are counted with all others. */
export interface FaultsReport {
  /** Replicas that went down, each time. */
  readonly crashes: number;
  /** Attempts at requests that were lost with them, and requests that started anew, however often. */
  readonly lost_attempts: number;
  readonly retried: number;
  /** Hand-overs between prefill and decode that took too long; their attempts are among the lost. */
  readonly migrations: number;
  readonly timed_out: number;
}

/** What went through one KV tier. */
export interface TierReport {
  readonly loaded_bytes: number;
  readonly stored_bytes: number;
  /** Transfers asked of a tier's channel over the run; more than 1: it is behind when the last request ends. */
  readonly busiest_channel_busy_ratio: number;
}

/** By what the replicas that held the GPUs were doing. */
export interface GpuPhases {
  readonly starting: number;
  readonly serving: number;
  readonly draining: number;
  /** Nodes kept warm. */
  readonly warm: number;
}

/** Replicas by pool name. */
type Replicas = Readonly<Record<string, number>>;

export interface PlannerReport {
  /** How often it looked. */
  readonly ticks: number;
  /** Replicas that took another role. */
  readonly reroled: number;
  readonly gpu_hours: GpuPhases;
  readonly usd: GpuPhases;
  /** Those that ask for something new: what was to be until then, what the policy wanted, what its limits left of that. */
  readonly decisions: readonly {
    readonly time_s: number;
    readonly from: Replicas;
    readonly wanted: Replicas;
    readonly granted: Replicas;
    readonly reason: string;
  }[];
  /** Of one pool, from each of these times on. */
  readonly replicas: readonly {
    readonly time_s: number;
    readonly pool: string;
    readonly starting: number;
    readonly ready: number;
    readonly draining: number;
    readonly down: number;
  }[];
  /** Equal stretches of the run by arrival, each until the next; null where nobody arrived. */
  readonly windows: readonly {
    readonly from_s: number;
    readonly requests: number;
    readonly attained_ratio: number | null;
  }[];
}

export interface Report {
  readonly schema_version: 1;
  readonly dynosim_version: string;
  readonly seed: number;
  readonly config_hash: string;
  readonly result_hash: string;
  readonly timeline_hash: string;
  readonly requests: {
    readonly submitted: number;
    readonly completed: number;
    readonly rejected: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly incomplete: number;
  };
  readonly tokens: { readonly input: number; readonly output: number; readonly input_reused: number };
  readonly duration_ms: number;
  readonly wall_ms: number;
  readonly passes: number;
  readonly latency: Readonly<Record<LatencyName, Distribution>>;
  readonly throughput: {
    readonly requests_per_s: number;
    readonly input_tokens_per_s: number;
    readonly output_tokens_per_s: number;
    readonly output_tokens_per_s_per_gpu: number;
    readonly output_tokens_per_s_per_user: number;
  };
  readonly slo: SloVerdict & { readonly by_class: Readonly<Record<string, SloVerdict>> };
  readonly goodput: { readonly requests_per_s: number; readonly output_tokens_per_s_per_gpu: number };
  readonly stability: 'STABLE' | 'BACKLOGGED' | 'OVERLOADED';
  readonly cache: { readonly reused_ratio: number; readonly by_tier: Readonly<Record<string, number>> };
  readonly engine: {
    /** Usable KV blocks of one replica, by pool name. */
    readonly kv_blocks: Readonly<Record<string, number>>;
    readonly preemptions: number;
    readonly mean_batch: number;
    readonly accepted_length: number;
  };
  readonly bound: { readonly prefill: BoundShares; readonly decode: BoundShares };
  /** Only where KV is kept below GPU memory, by tier. */
  readonly kv_tiers?: Readonly<Record<string, TierReport>>;
  /** Only where transfers share a network. */
  readonly network?: NetworkReport;
  /** Of the network's links and the tiers' channels, those that carried anything; only where there are any. */
  readonly busiest_link?: BusiestLink | null;
  /** Only where something may go wrong. */
  readonly faults?: FaultsReport;
  /** Only where requests may be turned away for load: those that were, part of `requests.rejected`. */
  readonly router?: { readonly shed: number };
  /** Only with a planner. */
  readonly planner?: PlannerReport;
  readonly fleet: {
    readonly gpus_peak: number;
    readonly gpus_mean: number;
    readonly gpu_hours: number;
    readonly scale_events: number;
  };
  readonly cost: {
    readonly usd: number;
    readonly usd_per_hour: number;
    /** null when nothing was generated. */
    readonly usd_per_million_output_tokens: number | null;
    readonly usd_per_month: number;
  };
  /** An estimate: idle watts for the whole run plus the rest of the board power for busy time. */
  readonly energy: {
    readonly kwh: number;
    /** null when nothing was generated. */
    readonly joules_per_output_token: number | null;
    readonly mean_watts: number;
  };
  readonly attribution: {
    readonly ttft: { readonly mean: AttributionVector; readonly p99_cohort: AttributionVector };
    readonly e2e: { readonly mean: AttributionVector; readonly p99_cohort: AttributionVector };
  };
  readonly provenance: {
    readonly timing: Readonly<Record<'measured' | 'fitted' | 'roofline', number>>;
    /** Shares of pass time by family of formulas, by looks at running passes; null without formulas. */
    readonly pass_time: Readonly<
      Record<'attention' | 'gemm' | 'moe' | 'collectives' | 'elementwise' | 'host', number>
    > | null;
    /** Shares of the same time by constants that measured runs have fitted, and by those they say nothing of. */
    readonly constants: Readonly<Record<'fitted' | 'default', number>> | null;
    /**
     * Relative half-widths of predictions by metric, from the calibration's errors pushed through the simulation, and
     * where 80 % of real servers are expected; null where timing is the user's own or the run too long to repeat.
     */
    readonly error_band: Readonly<Record<string, number>> | null;
    readonly intervals: Readonly<Record<string, readonly [low: number, high: number]>> | null;
    readonly warnings: readonly string[];
  };
}
