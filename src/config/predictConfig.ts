/**
 * A predict configuration with every default filled in: plain data in the vocabulary of the YAML, so that it can be
 * hashed, sent to a worker thread and written back as a file that gives the same result.
 */
import type { Backend } from '../catalog/engineProfile.ts';
import type { SloSpec } from '../metrics/report.ts';
import type { ExpertExchangeKind } from '../timing/replica.ts';
import type { LengthDistribution, ThinkDistribution } from '../workload/lengths.ts';
import type { FaultsConfig } from './faultsConfig.ts';
import type { NetworkConfig } from './networkConfig.ts';
import type { PatienceConfig } from './patienceConfig.ts';
import type { PlannerConfig } from './plannerConfig.ts';
import type { RouterConfig } from './routerConfig.ts';
import type { StartupConfig } from './startupConfig.ts';
import type { TiersConfig } from './tiersConfig.ts';
import type { TransferConfig } from './transferConfig.ts';

export interface SyntheticSource {
  readonly type: 'synthetic';
  readonly input_tokens: LengthDistribution;
  readonly output_tokens: LengthDistribution;
  /** Requests (single turn) or sessions (multi-turn) to make. */
  readonly requests: number;
  /** Prefixes shared by groups of requests, e.g. system prompts: `groups` prefixes of `tokens` each, prepended to the input. */
  readonly shared_prefix: { readonly groups: number; readonly tokens: LengthDistribution } | null;
  /** Multi-turn: each turn's prompt is the whole conversation so far plus new input. */
  readonly sessions: {
    readonly turns: LengthDistribution;
    readonly think_seconds: ThinkDistribution;
  } | null;
  readonly block_size: number;
}

export type TrafficSource =
  | {
      readonly type: 'trace';
      readonly path: string;
      readonly format: 'mooncake' | 'csv' | 'azure_2023';
      /** Tokens one hash id names (Mooncake: 512). */
      readonly block_size: number;
      /** CSV: our field -> the file's column. */
      readonly columns: {
        readonly timestamp: string;
        readonly input_tokens: string;
        readonly output_tokens: string;
        readonly session_id?: string;
        readonly class?: string;
        readonly priority?: string;
      } | null;
      readonly timestamp_unit: 'ms' | 's' | 'datetime';
      readonly skip_bad_lines: boolean;
    }
  | SyntheticSource
  | { readonly type: 'preset'; readonly name: 'chat' | 'code' | 'rag' | 'agent'; readonly requests: number };

export type TrafficLoad =
  /** Arrivals as the trace has them. */
  | { readonly type: 'trace_timestamps'; readonly speedup: number; readonly spread: 'none' | 'uniform' }
  | { readonly type: 'poisson'; readonly requests_per_second: number }
  /** Gamma inter-arrival times; burstiness = their squared coefficient of variation (1 = Poisson). */
  | { readonly type: 'gamma'; readonly requests_per_second: number; readonly burstiness: number }
  | { readonly type: 'constant'; readonly requests_per_second: number }
  | { readonly type: 'concurrency'; readonly concurrency: number };

/** Counts are those of one attention-DP rank. What the backend, or its version, does not have is absent. */
export interface SchedulerConfig {
  readonly max_batched_tokens: number;
  /** null: what the KV cache holds (SGLang). */
  readonly max_sequences: number | null;
  readonly chunked_prefill: boolean;
  readonly async?: boolean;
  readonly policy?: string;
  readonly long_prefill_token_threshold?: number;
  readonly watermark?: number;
  readonly prefill_interval?: number;
  readonly max_prefill_tokens?: number;
  readonly mixed_batches?: boolean;
  readonly conservativeness?: number;
  readonly polling_interval?: number;
  readonly prefill_delay_passes?: number;
  readonly capacity_policy?: string;
  readonly chunking_policy?: string;
  readonly batch_wait_iterations?: number;
  readonly batch_wait_tokens_ratio?: number;
  readonly balance?: boolean;
  readonly balance_timeout_iterations?: number;
  readonly balance_wait_iterations?: number;
}

export interface SpeculationConfig {
  readonly method: 'mtp' | 'eagle' | 'eagle3' | 'draft_model' | 'ngram';
  readonly draft_tokens: number;
  /** For each position, given that all before it were accepted. */
  readonly acceptance: readonly number[];
  readonly draft_model: string | null;
}

export interface WorkerConfig {
  readonly name: string;
  /** Catalog id or path of a hardware file. */
  readonly hardware: string;
  readonly parallelism: {
    readonly replicas: number;
    readonly tensor: number;
    readonly pipeline: number;
    readonly attention_data: number;
    readonly moe_tensor: number;
    readonly moe_expert: number;
    /** Both left out: `gather`, and 0 on top of what measured servers had. */
    readonly moe_exchange?: ExpertExchangeKind;
    readonly moe_imbalance?: number;
  };
  readonly scheduler: SchedulerConfig;
  readonly kv_cache: {
    readonly block_size: number;
    readonly prefix_caching: boolean;
    readonly dtype: 'auto' | 'bf16' | 'fp8';
    /** Exactly one key. */
    readonly capacity:
      | { readonly memory_fraction: number }
      | { readonly blocks: number }
      | { readonly tokens: number }
      | { readonly bytes: number };
    readonly tiers?: TiersConfig;
  };
  /** null: one token a pass. */
  readonly speculation: SpeculationConfig | null;
  /** Decode batches that run as a captured graph: the engine's steps up to a size, or sizes stated outright. */
  readonly cuda_graphs: ({ readonly max_size: number } | { readonly sizes: readonly number[] }) & {
    /** Where the engine lets one choose. */
    readonly padding?: boolean;
  };
  /** Left out: the usual times; of no matter without a planner. */
  readonly startup?: StartupConfig;
  readonly timing: /** With the coefficients of a file; null = the shipped ones. */
    | { readonly type: 'roofline'; readonly calibration: string | null }
    /** One duration for every pass with prefill tokens, one for decode-only passes. */
    | { readonly type: 'fixed'; readonly prefill_ms: number; readonly decode_ms: number }
    /** base + per prefill token + per decoding sequence + per context token. */
    | {
        readonly type: 'linear';
        readonly base_ms: number;
        readonly per_prefill_token_ms: number;
        readonly per_sequence_ms: number;
        readonly per_context_token_ms: number;
      }
    /** Measured points, interpolated: pass ms by new tokens, and by (sequences, mean context) for decodes. */
    | {
        readonly type: 'table';
        readonly prefill: readonly { readonly tokens: number; readonly ms: number }[];
        readonly decode: readonly { readonly sequences: number; readonly context: number; readonly ms: number }[];
      };
}

export interface PredictConfig {
  readonly seed: number;
  readonly traffic: {
    readonly source: TrafficSource;
    readonly load: TrafficLoad;
    readonly stop: { readonly requests: number | null; readonly max_virtual_time_seconds: number | null };
    readonly over_length: 'reject' | 'drop' | 'truncate';
    readonly max_output_tokens: 'exact' | 'context' | { readonly fixed: number } | { readonly factor: number };
    readonly ignore_eos: boolean;
    /** By the names the trace gives its classes; left out: each request as urgent as the trace says. */
    readonly classes?: Readonly<Record<string, { readonly priority: number }>>;
    /** Left out: clients wait for ever. */
    readonly patience?: PatienceConfig;
  };
  readonly engine: {
    readonly mode: 'aggregated' | 'disaggregated';
    /** Hugging Face id, or path of a local config.json. */
    readonly model: string;
    readonly backend: Backend;
    readonly backend_version: string;
    readonly quantization: 'checkpoint' | 'bf16' | 'fp8' | 'fp8_block' | 'nvfp4' | 'mxfp4' | 'int4' | 'int8';
    /** Tokens; null = the model's own. */
    readonly context_length: number | null;
    readonly workers: {
      readonly aggregated?: readonly WorkerConfig[];
      readonly prefill?: readonly WorkerConfig[];
      readonly decode?: readonly WorkerConfig[];
    };
    /** null bandwidth = the slower side's network, per GPU times GPUs of a replica. */
    readonly kv_transfer: TransferConfig;
  };
  readonly router: RouterConfig;
  /** What transfers share; left out: each has its own wire. */
  readonly network?: NetworkConfig;
  /** Left out: nothing goes wrong. */
  readonly faults?: FaultsConfig;
  /** Left out: pools keep their replicas. */
  readonly planner?: PlannerConfig;
  readonly evaluation: {
    readonly slo: SloSpec | null;
    /** Left out of latency statistics at either end; null unit = none. */
    readonly window: {
      readonly warmup: { readonly requests: number } | { readonly seconds: number };
      readonly cooldown: { readonly requests: number } | { readonly seconds: number };
    };
  };
  /** Overrides list prices: one figure for every GPU, or by hardware id. */
  readonly cost: { readonly usd_per_gpu_hour: number | Readonly<Record<string, number>> | null };
}
