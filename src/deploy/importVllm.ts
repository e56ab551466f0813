import { BYTES_PER_GIB } from '../base/units.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { KERNELS } from './flags/reasons.ts';
import {
  countOf,
  type ImportedWorker,
  setChecked,
  setQuantization,
  setReplicas,
  setSpeculation,
  takePlainKnobs,
} from './importWorker.ts';
import { type JsonObject, jsonOf } from './jsonFlag.ts';
import { asNumber } from './knobWords.ts';
import type { Argument, LaunchArguments } from './launchArguments.ts';

/** What the flags of `vllm serve` (or `dynamo.vllm`) say. @param model null where the catalog does not know it. */
export function importVllm(
  args: LaunchArguments,
  environment: Readonly<Record<string, string>>,
  into: ImportedWorker,
  model: ModelFacts | null,
): void {
  if (environment.VLLM_USE_V1 === '0') {
    into.notes.refuse('VLLM_USE_V1=0', 'the older engine is not modelled', 'remove it: V1 is the only one since 0.11');
  }
  readParallelism(args, into, model);
  takePlainKnobs('vllm', args, into, 1);
  setQuantization(into, args.take('--quantization'), model);
  readGraphs(args, into);
  readSpeculation(args.take('--speculative-config'), into);
  readOffloading(args, into);
  readStates(args.take('--mamba-cache-mode'), into);
  readRole(args, into);
  readPerformanceMode(args.take('--performance-mode'), into);
  const gate = args.take('--scheduler-reserve-full-isl', '--no-scheduler-reserve-full-isl');
  if (gate?.text.startsWith('--no-') === true)
    into.notes.refuse(
      gate.text,
      'admission without room for the whole prompt is that of versions before 0.19',
      'engine.backend_version: "0.18.0"',
    );
  else if (gate !== null) into.notes.ignore(gate.text, 'its default since 0.19');
}

function readParallelism(args: LaunchArguments, into: ImportedWorker, model: ModelFacts | null): void {
  const tensor = args.take('--tensor-parallel-size');
  const pipeline = args.take('--pipeline-parallel-size');
  const data = args.take('--data-parallel-size');
  const expert = args.take('--enable-expert-parallel', '--no-enable-expert-parallel');
  const ranks = countOf(into, data, 1);
  const gpus = countOf(into, tensor, 1) * ranks;
  if (tensor !== null) into.set(tensor.text, 'parallelism.tensor', countOf(into, tensor, 1));
  if (pipeline !== null) into.set(pipeline.text, 'parallelism.pipeline', countOf(into, pipeline, 1));
  const dense = model !== null && model.moe === null;
  if (data !== null && dense) setReplicas(into, data.text, ranks);
  else if (data !== null) into.set(data.text, 'parallelism.attention_data', ranks);
  if (expert === null || expert.text.startsWith('--no-')) return;
  if (dense) into.notes.ignore(expert.text, `${model.id} has no experts`);
  else into.set(expert.text, 'parallelism.moe_expert', gpus);
}

function readGraphs(args: LaunchArguments, into: ImportedWorker): void {
  const eager = args.take('--enforce-eager');
  const level = args.take('--optimization-level');
  const older = args.take('--cuda-graph-sizes');
  const sizes = args.take('--cudagraph-capture-sizes');
  const largest = args.take('--max-cudagraph-capture-size');
  const compilation = args.take('--compilation-config');
  if (level?.values[0] === '0') into.set(level.text, 'cuda_graphs', { max_size: 0 });
  else if (level !== null) into.notes.ignore(level.text, KERNELS);
  if (older !== null) readOlderSizes(older, into);
  if (compilation !== null && /^[0-3]$/.test(compilation.values[0])) {
    into.notes.ignore(compilation.text, KERNELS);
  } else if (compilation !== null) readCompilation(compilation, into);
  if (largest !== null)
    setChecked(into, largest.text, 'cuda_graphs', { max_size: asNumber(largest.values[0]) }, largest.values[0]);
  if (sizes !== null) into.set(sizes.text, 'cuda_graphs', { sizes: ascending(sizes.values.map(Number)) });
  if (eager !== null) into.set(eager.text, 'cuda_graphs', { max_size: 0 });
}

/** vLLM 0.9 to 0.11: one size is the largest of the usual steps, several are the sizes themselves. */
function readOlderSizes({ text, values }: Argument, into: ImportedWorker): void {
  const sizes = values.map(asNumber);
  if (sizes.length === 0 || sizes.includes(null)) into.notes.refuse(text, 'must be whole numbers');
  else if (sizes.length === 1) into.set(text, 'cuda_graphs', { max_size: sizes[0] });
  else into.set(text, 'cuda_graphs', { sizes: ascending(sizes as number[]) });
}

function readCompilation(argument: Argument, into: ImportedWorker): void {
  const config = jsonOf(argument, into.notes);
  if (config === null) return;
  const { cudagraph_capture_sizes: sizes, max_cudagraph_capture_size: largest, cudagraph_mode: mode, ...rest } = config;
  const at = (key: string) => `--compilation-config ${key}`;
  if (typeof largest === 'number') into.set(at('max_cudagraph_capture_size'), 'cuda_graphs', { max_size: largest });
  if (Array.isArray(sizes) && sizes.length > 0)
    into.set(at('cudagraph_capture_sizes'), 'cuda_graphs', { sizes: ascending(sizes as number[]) });
  else if (Array.isArray(sizes) || mode === 'NONE') into.set(at('cudagraph_mode'), 'cuda_graphs', { max_size: 0 });
  else if (mode !== undefined) into.notes.ignore(at('cudagraph_mode'), KERNELS);
  for (const key of Object.keys(rest)) into.notes.ignore(at(key), KERNELS);
}

const ascending = (sizes: readonly number[]): number[] => [...new Set(sizes)].sort((a, b) => a - b);

const METHODS: Readonly<Record<string, string>> = {
  eagle: 'eagle',
  eagle3: 'eagle3',
  draft_model: 'draft_model',
  ngram: 'ngram',
  ngram_gpu: 'ngram',
};

function readSpeculation(argument: Argument | null, into: ImportedWorker): void {
  if (argument === null) return;
  const config = jsonOf(argument, into.notes);
  if (config === null) return;
  const { method, num_speculative_tokens: drafts, model } = config;
  const name = String(method ?? (model === undefined ? '' : 'draft_model'));
  const ours = /(^|_)mtp$/.test(name) ? 'mtp' : METHODS[name];
  if (ours === undefined) {
    into.notes.refuse(
      `--speculative-config method`,
      `"${name}" is not modelled`,
      `known: mtp, ${Object.keys(METHODS).join(', ')}`,
    );
    return;
  }
  if (typeof drafts !== 'number') {
    into.notes.refuse('--speculative-config num_speculative_tokens', 'required: drafts per pass');
    return;
  }
  if ('speculative_token_tree' in config) {
    into.notes.refuse('--speculative-config speculative_token_tree', 'draft trees are not modelled', 'a chain is');
  }
  const synthetic = config.rejection_sample_method === 'synthetic' ? config.synthetic_acceptance_length : undefined;
  setSpeculation(into, `--speculative-config ${argument.values[0]}`, {
    method: ours,
    drafts,
    model: typeof model === 'string' && ours !== 'mtp' && ours !== 'ngram' ? model : null,
    acceptedLength: typeof synthetic === 'number' ? synthetic : null,
  });
}

/** GiB of host memory for KV, over all GPUs of the engine (vLLM config/cache.py, `kv_offloading_size`). */
function readOffloading(args: LaunchArguments, into: ImportedWorker): void {
  const size = args.take('--kv-offloading-size');
  const backend = args.take('--kv-offloading-backend');
  if (backend !== null && backend.values[0] !== 'native') into.notes.refuse(backend.text, ...NO_TIERS);
  else if (backend !== null) into.notes.ignore(backend.text, 'its default');
  if (size === null) return;
  setHostBytes(into, size.text, (asNumber(size.values[0]) ?? Number.NaN) * BYTES_PER_GIB);
}

const NO_TIERS = ['KV cache beyond the GPU is not imported', 'state what it keeps as kv_cache.tiers'] as const;

/** @param bytes over all GPUs of the engine */
function setHostBytes(into: ImportedWorker, from: string, bytes: number): void {
  const { tensor = 1, pipeline = 1 } = (into.worker.parallelism ?? {}) as { tensor?: number; pipeline?: number };
  const perGpu = Math.round(bytes / (tensor * pipeline) / 1e5) / 1e4;
  if (perGpu > 0) into.set(from, 'kv_cache.tiers', { host: { capacity_gb_per_gpu: perGpu } });
  else into.notes.refuse(from, 'must be a size above 0');
}

/** What a recurrent layer's states are kept at: with prefix caching at block ends, else not at all. */
function readStates(argument: Argument | null, into: ImportedWorker): void {
  const mode = argument?.values[0];
  if (mode === 'all')
    into.notes.refuse(argument!.text, 'states are cached at block ends only', '--mamba-cache-mode align');
  else if (argument !== null) into.notes.ignore(argument.text, 'follows from prefix caching');
}

/** Connectors that hand a prompt's KV to a decode server. */
const TRANSFERS = ['NixlConnector', 'MooncakeConnector', 'P2pNcclConnector'];

function readRole(args: LaunchArguments, into: ImportedWorker): void {
  const mode = args.take('--disaggregation-mode');
  const prefill = args.take('--is-prefill-worker');
  const decode = args.take('--is-decode-worker');
  const named = mode?.values[0] ?? (prefill === null ? (decode === null ? null : 'decode') : 'prefill');
  if (named === 'prefill' || named === 'decode') into.role = named;
  const text = (mode ?? prefill ?? decode)?.text;
  if (text !== undefined) into.notes.map(text, 'engine.mode', into.role === null ? 'aggregated' : 'disaggregated');
  const transfer = args.take('--kv-transfer-config');
  const config = transfer === null ? null : jsonOf(transfer, into.notes);
  if (config !== null) readConnector(config, into);
}

function readConnector(config: JsonObject, into: ImportedWorker): void {
  const connector = String(config.kv_connector);
  const from = `--kv-transfer-config ${connector}`;
  const extra = config.kv_connector_extra_config as JsonObject | undefined;
  if (connector === 'OffloadingConnector' && typeof extra?.cpu_bytes_to_use === 'number') {
    setHostBytes(into, `${from} cpu_bytes_to_use`, extra.cpu_bytes_to_use);
    return;
  }
  if (!TRANSFERS.includes(connector)) {
    into.notes.refuse(from, ...NO_TIERS);
    return;
  }
  const role = { kv_producer: 'prefill', kv_consumer: 'decode' }[String(config.kv_role)] as
    | 'prefill'
    | 'decode'
    | undefined;
  into.role ??= role ?? null;
  if (into.role === null) {
    const hint = 'give the commands as --prefill and --decode';
    into.notes.refuse(
      from,
      `one side of a disaggregated deployment, and "${String(config.kv_role)}" does not say which`,
      hint,
    );
  } else into.notes.map(from, 'engine.mode', 'disaggregated');
}

function readPerformanceMode(argument: Argument | null, into: ImportedWorker): void {
  if (argument === null) return;
  if (argument.values[0] === 'balanced') into.notes.ignore(argument.text, 'its default');
  else
    into.notes.refuse(
      argument.text,
      'changes several defaults at once',
      'write out --max-num-seqs and --max-num-batched-tokens',
    );
}
