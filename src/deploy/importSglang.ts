import type { ModelFacts } from '../catalog/model.ts';
import {
  countOf,
  type ImportedWorker,
  setChecked,
  setQuantization,
  setReplicas,
  setSpeculation,
  takePlainKnobs,
} from './importWorker.ts';
import { asNumber } from './knobWords.ts';
import type { LaunchArguments } from './launchArguments.ts';

/** Passes a prefill waits with the delayer on and no number given (SGLang 9fec359a6, srt/server_args.py). */
const DELAY_PASSES = 30;

/** What the flags of `sglang.launch_server` (or `dynamo.sglang`) say. @param model null where the catalog does not know it. */
export function importSglang(
  args: LaunchArguments,
  environment: Readonly<Record<string, string>>,
  into: ImportedWorker,
  model: ModelFacts | null,
): void {
  const ranks = readParallelism(args, into, model);
  readChunk(args, into, ranks);
  takePlainKnobs('sglang', args, into, ranks);
  settleCapacity(into);
  if (environment.SGLANG_RADIX_FORCE_MISS === '1') {
    into.set('SGLANG_RADIX_FORCE_MISS=1', 'kv_cache.prefix_caching', false);
    into.notes.assume('SGLANG_RADIX_FORCE_MISS=1', 'a cache that never hits is one that is off');
  }
  setQuantization(into, args.take('--quantization'), model);
  readGraphs(args, into);
  readSpeculation(args, environment, into);
  readDelayer(args, into);
  const mode = args.take('--disaggregation-mode');
  const role = mode?.values[0];
  if (role === 'prefill' || role === 'decode') into.role = role;
  if (mode !== null) into.notes.map(mode.text, 'engine.mode', into.role === null ? 'aggregated' : 'disaggregated');
}

/** @returns ranks of attention data parallelism. */
function readParallelism(args: LaunchArguments, into: ImportedWorker, model: ModelFacts | null): number {
  const tensor = args.take('--tp-size');
  const data = args.take('--dp-size');
  const expert = args.take('--ep-size');
  const pipeline = args.take('--pp-size');
  const attention = args.take('--enable-dp-attention');
  const gpus = countOf(into, tensor, 1);
  const copies = countOf(into, data, 1);
  const ranks = attention === null ? 1 : copies;
  if (gpus % ranks !== 0)
    into.notes.refuse(data?.text ?? '--dp-size', `must divide the ${gpus} GPUs of --tp-size with DP attention`);
  if (tensor !== null) into.set(tensor.text, 'parallelism.tensor', Math.max(1, Math.floor(gpus / ranks)));
  if (attention !== null) into.set(`${attention.text} ${data?.text ?? ''}`.trim(), 'parallelism.attention_data', ranks);
  else if (copies > 1) {
    setReplicas(into, data!.text, copies);
    const balancer = args.take('--load-balance-method');
    into.notes.ignore(
      balancer?.text ?? '--load-balance-method',
      'router.policy says how requests are spread over replicas',
    );
  }
  args.take('--load-balance-method');
  if (pipeline !== null) into.set(pipeline.text, 'parallelism.pipeline', countOf(into, pipeline, 1));
  if (expert !== null && model !== null && model.moe === null)
    into.notes.ignore(expert.text, `${model.id} has no experts`);
  else if (expert !== null) into.set(expert.text, 'parallelism.moe_expert', countOf(into, expert, 1));
  return ranks;
}

function readChunk(args: LaunchArguments, into: ImportedWorker, ranks: number): void {
  const chunk = args.take('--chunked-prefill-size');
  if (chunk === null) return;
  const tokens = asNumber(chunk.values[0]);
  if (tokens === null) into.notes.refuse(chunk.text, 'must be a number of tokens');
  else if (tokens <= 0) into.set(chunk.text, 'scheduler.chunked_prefill', false);
  else into.set(chunk.text, 'scheduler.max_batched_tokens', Math.max(1, Math.floor(tokens / ranks)));
}

/** The cache is as large as the smaller of both: tokens are the ones people mean. */
function settleCapacity(into: ImportedWorker): void {
  const { kv_cache } = into.worker as { kv_cache?: { capacity?: Record<string, number> } };
  const capacity = kv_cache?.capacity;
  if (capacity?.tokens === undefined || capacity.memory_fraction === undefined) return;
  into.notes.ignore(
    `--mem-fraction-static ${capacity.memory_fraction}`,
    '--max-total-tokens says how large the cache is',
  );
  into.set('--max-total-tokens', 'kv_cache.capacity', { tokens: capacity.tokens });
}

function readGraphs(args: LaunchArguments, into: ImportedWorker): void {
  const off = args.take('--disable-cuda-graph');
  const largest = args.take('--cuda-graph-max-bs');
  const sizes = args.take('--cuda-graph-bs');
  const unpadded = args.take('--disable-cuda-graph-padding');
  if (largest !== null)
    setChecked(into, largest.text, 'cuda_graphs.max_size', asNumber(largest.values[0]), largest.values[0]);
  if (sizes !== null)
    into.set(sizes.text, 'cuda_graphs', { sizes: [...new Set(sizes.values.map(Number))].sort((a, b) => a - b) });
  if (off !== null) into.set(off.text, 'cuda_graphs', { max_size: 0 });
  if (unpadded !== null) into.set(unpadded.text, 'cuda_graphs.padding', false);
}

const METHODS: Readonly<Record<string, string>> = {
  NEXTN: 'mtp',
  EAGLE: 'eagle',
  EAGLE3: 'eagle3',
  STANDALONE: 'draft_model',
  NGRAM: 'ngram',
};

function readSpeculation(
  args: LaunchArguments,
  environment: Readonly<Record<string, string>>,
  into: ImportedWorker,
): void {
  const algorithm = args.take('--speculative-algorithm');
  const steps = args.take('--speculative-num-steps');
  const topk = args.take('--speculative-eagle-topk');
  const verified = args.take('--speculative-num-draft-tokens');
  const draft = args.take('--speculative-draft-model-path');
  if (algorithm === null) return;
  const name = algorithm.values[0];
  const method = name === 'EAGLE' && draft === null ? 'mtp' : METHODS[name];
  if (method === undefined) {
    into.notes.refuse(algorithm.text, `"${name}" is not modelled`, `known: ${Object.keys(METHODS).join(', ')}`);
    return;
  }
  if (topk !== null && topk.values[0] !== '1')
    into.notes.refuse(topk.text, 'draft trees are not modelled', 'topk 1 is');
  const drafts = verified === null ? asNumber(steps?.values[0] ?? '') : Number(verified.values[0]) - 1;
  if (drafts === null || !(drafts >= 1)) {
    into.notes.refuse(
      algorithm.text,
      'needs --speculative-num-steps and --speculative-num-draft-tokens',
      'the engine chooses a draft tree itself',
    );
    return;
  }
  const simulated = asNumber(environment.SGLANG_SIMULATE_ACC_LEN ?? '');
  const text = [algorithm, steps, verified, draft].flatMap((each) => (each === null ? [] : [each.text])).join(' ');
  setSpeculation(into, text, { method, drafts, model: draft?.values[0] ?? null, acceptedLength: simulated });
}

function readDelayer(args: LaunchArguments, into: ImportedWorker): void {
  const on = args.take('--enable-prefill-delayer');
  const passes = args.take('--prefill-delayer-max-delay-passes');
  if (on !== null) into.set(on.text, 'scheduler.prefill_delay_passes', countOf(into, passes, DELAY_PASSES));
  else if (passes !== null) into.notes.ignore(passes.text, 'nothing waits without --enable-prefill-delayer');
}
