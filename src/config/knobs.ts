/**
 * Every scalar field of the configuration, declared once as plain data: where it stands, what it may be, its unit and
 * default, and the real engine's flag. The schema, its JSON Schema and the search read these declarations.
 * Flags and defaults are those of vLLM 017e9f4 (`vllm serve`).
 */
import { ROUTER_POLICIES } from '../cluster/scenario.ts';
import { PRESET_NAMES } from '../workload/presets.ts';

export type KnobDomain =
  | { readonly kind: 'integer' | 'number'; readonly min?: number; readonly above?: number; readonly max?: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'text' };

export interface Knob {
  /** `<role>` stands for aggregated, prefill or decode. */
  readonly path: string;
  readonly domain: KnobDomain;
  readonly unit?: string;
  /** Absent: required where its section is given, or resolved from other fields (then `about` says how). */
  readonly default?: string | number | boolean | null;
  /** vLLM's flag. */
  readonly flag?: string;
  /** May be a domain in a recommend file. */
  readonly tunable?: boolean;
  /** One sentence. */
  readonly about: string;
}

const COUNT: KnobDomain = { kind: 'integer', min: 1 };
const POSITIVE: KnobDomain = { kind: 'number', above: 0 };
const NOT_NEGATIVE: KnobDomain = { kind: 'number', min: 0 };
const SIZE: KnobDomain = { kind: 'integer', min: 1, max: 2 ** 31 - 1 };

export const QUANTIZATIONS = ['checkpoint', 'bf16', 'fp8', 'fp8_block', 'nvfp4', 'mxfp4', 'int4', 'int8'] as const;
export const TRACE_FORMATS = ['mooncake', 'csv', 'azure_2023'] as const;
export const MODES = ['aggregated', 'disaggregated'] as const;

const W = 'engine.workers.<role>';

export const KNOBS = [
  {
    path: 'seed',
    domain: { kind: 'integer', min: 0, max: 2 ** 32 - 1 },
    default: 0,
    about: 'Seed of every random stream.',
  },
  {
    path: 'traffic.source.path',
    domain: { kind: 'text' },
    about: 'Trace file, relative to this file.',
  },
  {
    path: 'traffic.source.format',
    domain: { kind: 'choice', choices: TRACE_FORMATS },
    about: 'By default mooncake, or csv where the name ends in .csv.',
  },
  {
    path: 'traffic.source.block_size',
    domain: SIZE,
    unit: 'tokens',
    default: 512,
    about: 'Tokens one hash id of the trace names.',
  },
  {
    path: 'traffic.source.timestamp_unit',
    domain: { kind: 'choice', choices: ['ms', 's', 'datetime'] },
    about: 'By default ms for mooncake, s for csv, datetime for azure_2023.',
  },
  {
    path: 'traffic.source.skip_bad_lines',
    domain: { kind: 'boolean' },
    default: false,
    about: 'Leave out and count lines that cannot be read, instead of stopping at the first.',
  },
  { path: 'traffic.source.columns.timestamp', domain: { kind: 'text' }, about: 'Column of the arrival time.' },
  { path: 'traffic.source.columns.input_tokens', domain: { kind: 'text' }, about: 'Column of the prompt length.' },
  { path: 'traffic.source.columns.output_tokens', domain: { kind: 'text' }, about: 'Column of the generated length.' },
  {
    path: 'traffic.source.columns.session_id',
    domain: { kind: 'text' },
    about: 'Column that names the conversation a request belongs to.',
  },
  {
    path: 'traffic.source.name',
    domain: { kind: 'choice', choices: PRESET_NAMES },
    about: 'A ready-made mix of lengths, sessions and shared prefixes.',
  },
  {
    path: 'traffic.source.requests',
    domain: SIZE,
    default: 1000,
    about: 'Requests to make; of a synthetic source with sessions, conversations to make.',
  },
  {
    path: 'traffic.source.synthetic.block_size',
    domain: SIZE,
    unit: 'tokens',
    default: 16,
    about: 'Granularity at which synthetic requests share content.',
  },
  {
    path: 'traffic.source.shared_prefix.groups',
    domain: COUNT,
    about: 'Different prefixes; each request takes one of them.',
  },
  { path: 'length.tokens', domain: SIZE, about: 'The same length every time.' },
  { path: 'length.min', domain: SIZE, about: 'Smallest length.' },
  { path: 'length.max', domain: SIZE, about: 'Largest length.' },
  { path: 'length.median', domain: POSITIVE, about: 'Median of the log-normal distribution.' },
  { path: 'length.sigma', domain: NOT_NEGATIVE, about: 'Standard deviation of the logarithm.' },
  { path: 'think.mean', domain: NOT_NEGATIVE, unit: 's', about: 'Mean pause before the next turn.' },
  { path: 'think.seconds', domain: NOT_NEGATIVE, unit: 's', about: 'Pause before the next turn, or a bound of it.' },
  {
    path: 'traffic.load.speedup',
    domain: POSITIVE,
    default: 1,
    about: 'Arrivals come this many times faster than recorded.',
  },
  {
    path: 'traffic.load.spread',
    domain: { kind: 'choice', choices: ['none', 'uniform'] },
    default: 'none',
    about: 'Whether arrivals that a coarse clock put on one tick are redistributed up to the next.',
  },
  {
    path: 'traffic.load.requests_per_second',
    domain: POSITIVE,
    unit: '1/s',
    tunable: true,
    about: 'Mean arrival rate of requests, later turns of sessions included; a trace is retimed.',
  },
  {
    path: 'traffic.load.burstiness',
    domain: POSITIVE,
    about: 'Squared coefficient of variation of the gaps between arrivals; 1 is Poisson.',
  },
  {
    path: 'traffic.load.concurrency',
    domain: COUNT,
    tunable: true,
    about: 'Requests (or sessions) in flight at any time, over the whole deployment.',
  },
  {
    path: 'traffic.stop.requests',
    domain: COUNT,
    default: null,
    about: 'Only the first so many requests of the workload; null is all.',
  },
  {
    path: 'traffic.stop.max_virtual_time_seconds',
    domain: POSITIVE,
    unit: 's',
    default: null,
    about: 'No request is released after this time; null is no limit.',
  },
  {
    path: 'traffic.over_length',
    domain: { kind: 'choice', choices: ['reject', 'drop', 'truncate'] },
    default: 'reject',
    about: 'What happens to requests longer than the context: refused and counted, left out, or cut.',
  },
  {
    path: 'traffic.max_output_tokens.fixed',
    domain: SIZE,
    unit: 'tokens',
    about: 'Every client asks for this many, or for what is generated where that is more.',
  },
  {
    path: 'traffic.max_output_tokens.factor',
    domain: { kind: 'number', min: 1 },
    about: 'Clients ask for this many times what is generated.',
  },
  {
    path: 'engine.mode',
    domain: { kind: 'choice', choices: MODES },
    tunable: true,
    about: 'One kind of worker, or prefill and decode apart; by default what the workers given imply.',
  },
  {
    path: 'engine.model',
    domain: { kind: 'text' },
    flag: '--model',
    about: 'Hugging Face id in the catalog, or path (./...) of a config.json or its folder.',
  },
  {
    path: 'engine.hardware',
    domain: { kind: 'text' },
    tunable: true,
    about: 'GPU of workers that name none: catalog id, or path of a hardware file.',
  },
  {
    path: 'engine.backend',
    domain: { kind: 'choice', choices: ['vllm'] },
    default: 'vllm',
    about: 'Serving engine.',
  },
  {
    path: 'engine.quantization',
    domain: { kind: 'choice', choices: QUANTIZATIONS },
    default: 'checkpoint',
    flag: '--quantization',
    tunable: true,
    about: 'Format of the weights; checkpoint is what the model was published in.',
  },
  {
    path: 'engine.context_length',
    domain: SIZE,
    unit: 'tokens',
    default: null,
    flag: '--max-model-len',
    about: "Longest prompt plus output; null is the model's own.",
  },
  {
    path: 'engine.kv_transfer.bandwidth_gb_per_second',
    domain: POSITIVE,
    unit: 'GB/s',
    default: null,
    about: 'From one prefill to one decode replica; null is the network of the slower side, per GPU times its GPUs.',
  },
  {
    path: 'engine.kv_transfer.latency_ms',
    domain: NOT_NEGATIVE,
    unit: 'ms',
    default: 0,
    about: 'Fixed time of each transfer.',
  },
  { path: `${W}.name`, domain: { kind: 'text' }, about: 'Name of the pool; by default its role.' },
  {
    path: `${W}.hardware`,
    domain: { kind: 'text' },
    tunable: true,
    about: 'GPU of this pool; by default engine.hardware.',
  },
  {
    path: `${W}.parallelism.replicas`,
    domain: COUNT,
    default: 1,
    tunable: true,
    about: 'Copies of the engine.',
  },
  {
    path: `${W}.parallelism.tensor`,
    domain: COUNT,
    unit: 'GPUs',
    default: 1,
    flag: '--tensor-parallel-size',
    tunable: true,
    about: 'Tensor parallelism of attention and dense layers.',
  },
  {
    path: `${W}.parallelism.pipeline`,
    domain: COUNT,
    unit: 'stages',
    default: 1,
    flag: '--pipeline-parallel-size',
    about: 'Pipeline parallelism; only 1 is simulated.',
  },
  {
    path: `${W}.parallelism.attention_data`,
    domain: COUNT,
    unit: 'ranks',
    default: 1,
    flag: '--data-parallel-size',
    tunable: true,
    about: 'Attention data parallelism inside a replica, for mixture-of-experts models.',
  },
  {
    path: `${W}.parallelism.moe_tensor`,
    domain: COUNT,
    unit: 'GPUs',
    tunable: true,
    about: 'GPUs each expert is sliced over; by default all of the replica that moe_expert leaves.',
  },
  {
    path: `${W}.parallelism.moe_expert`,
    domain: COUNT,
    unit: 'GPUs',
    flag: '--enable-expert-parallel',
    tunable: true,
    about: 'GPUs the experts are spread over whole; by default 1.',
  },
  {
    path: `${W}.scheduler.max_batched_tokens`,
    domain: SIZE,
    unit: 'tokens',
    flag: '--max-num-batched-tokens',
    tunable: true,
    about:
      'Tokens one pass of one attention-DP rank may schedule; by default 16384 on GPUs of 160 GiB or more, 8192 from 70 GiB (not A100), else 2048.',
  },
  {
    path: `${W}.scheduler.max_sequences`,
    domain: SIZE,
    unit: 'requests',
    flag: '--max-num-seqs',
    tunable: true,
    about:
      'Requests one attention-DP rank may run at once; by default 1024 on GPUs of 70 GiB or more (not A100), else 256.',
  },
  {
    path: `${W}.scheduler.chunked_prefill`,
    domain: { kind: 'boolean' },
    default: true,
    flag: '--enable-chunked-prefill',
    tunable: true,
    about: 'Whether a prompt may be computed over several passes.',
  },
  {
    path: `${W}.kv_cache.block_size`,
    domain: { kind: 'integer', min: 1, max: 4096 },
    unit: 'tokens',
    default: 16,
    flag: '--block-size',
    tunable: true,
    about: 'Tokens of one KV page.',
  },
  {
    path: `${W}.kv_cache.prefix_caching`,
    domain: { kind: 'boolean' },
    default: true,
    flag: '--enable-prefix-caching',
    tunable: true,
    about: 'Whether KV pages of finished work are kept for later prompts with the same beginning.',
  },
  {
    path: `${W}.kv_cache.dtype`,
    domain: { kind: 'choice', choices: ['auto', 'bf16', 'fp8'] },
    default: 'auto',
    flag: '--kv-cache-dtype',
    tunable: true,
    about: 'Format of the KV cache; auto is bf16.',
  },
  {
    path: `${W}.kv_cache.capacity.memory_fraction`,
    domain: { kind: 'number', above: 0, max: 1 },
    default: 0.92,
    flag: '--gpu-memory-utilization',
    tunable: true,
    about: 'Share of GPU memory for weights, activations and KV cache together.',
  },
  {
    path: `${W}.kv_cache.capacity.blocks`,
    domain: { kind: 'integer', min: 2, max: 2 ** 31 - 1 },
    flag: '--num-gpu-blocks-override',
    tunable: true,
    about: 'KV pages of one attention-DP rank, the one vLLM reserves included.',
  },
  {
    path: `${W}.kv_cache.capacity.tokens`,
    domain: SIZE,
    unit: 'tokens',
    tunable: true,
    about: 'Tokens the KV cache of one attention-DP rank holds.',
  },
  {
    path: `${W}.kv_cache.capacity.bytes`,
    domain: { kind: 'integer', min: 1 },
    unit: 'bytes',
    flag: '--kv-cache-memory-bytes',
    tunable: true,
    about: 'Memory of the KV cache on each GPU.',
  },
  { path: `${W}.timing.ms`, domain: POSITIVE, unit: 'ms', about: 'Duration of a pass.' },
  { path: `${W}.timing.per_unit_ms`, domain: NOT_NEGATIVE, unit: 'ms', about: 'Duration per unit of work.' },
  { path: `${W}.timing.table.count`, domain: COUNT, about: 'Tokens or sequences in the measured pass.' },
  {
    path: 'router.policy',
    domain: { kind: 'choice', choices: ROUTER_POLICIES },
    default: 'round_robin',
    tunable: true,
    about: 'How a worker is picked for a request.',
  },
  {
    path: 'evaluation.slo.bound',
    domain: POSITIVE,
    unit: 'ms',
    about: 'The statistic must not exceed this.',
  },
  {
    path: 'evaluation.window.requests',
    domain: { kind: 'integer', min: 0 },
    about:
      'Requests left out of the statistics at this end. Default 0; as warm-up of a closed loop that is no trace, 2 x concurrency but at most half.',
  },
  {
    path: 'evaluation.window.seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    about: 'Time left out of the statistics at this end.',
  },
  {
    path: 'cost.usd_per_gpu_hour',
    domain: NOT_NEGATIVE,
    unit: 'USD',
    default: null,
    about: "Price of a GPU-hour instead of the catalog's: one for all, or by hardware.",
  },
  { path: 'optimization.constraints.min_candidate_gpus', domain: COUNT, default: 1, about: 'Fewest GPUs in use.' },
  {
    path: 'optimization.constraints.max_candidate_gpus',
    domain: COUNT,
    default: 32,
    about: 'Most GPUs a candidate may use.',
  },
  {
    path: 'optimization.constraints.max_usd_per_hour',
    domain: POSITIVE,
    unit: 'USD/h',
    default: null,
    about: 'Most a candidate may cost; null is no limit.',
  },
  {
    path: 'optimizer.algorithm',
    domain: { kind: 'choice', choices: ['exhaustive'] },
    default: 'exhaustive',
    about: 'How candidates are chosen for simulation.',
  },
  {
    path: 'optimizer.seed',
    domain: { kind: 'integer', min: 0, max: 2 ** 32 - 1 },
    about: 'Seed of the search; by default the seed of the simulation.',
  },
  {
    path: 'optimizer.max_passes',
    domain: COUNT,
    default: null,
    about: 'Simulated forward passes after which the search stops; null is no limit.',
  },
] as const satisfies readonly Knob[];

export type KnobPath = (typeof KNOBS)[number]['path'];

const BY_PATH: ReadonlyMap<string, Knob> = new Map(KNOBS.map((knob) => [knob.path, knob]));

/** The declaration of a path in which roles may be spelled out and pools numbered. */
export function findKnob(path: string): Knob | undefined {
  return BY_PATH.get(path.replace(/^engine\.workers\.(aggregated|prefill|decode)(\.\d+)?\./, `${W}.`));
}

export function knobAt(path: KnobPath): Knob {
  return BY_PATH.get(path)!;
}

/** The declared default; a bug to ask where there is none. */
export function knobDefault<T extends string | number | boolean | null>(path: KnobPath): T {
  const value = knobAt(path).default;
  if (value === undefined) throw new Error(`${path} has no default`);
  return value as T;
}
