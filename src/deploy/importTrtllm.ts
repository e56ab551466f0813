import type { ModelFacts } from '../catalog/model.ts';
import { findGroup } from './flags/flagGroup.ts';
import { OTHER_KEYS } from './flags/trtllmFlags.ts';
import { countOf, type ImportedWorker, setChecked, setSpeculation, takePlainKnobs } from './importWorker.ts';
import { asNumber, fromEngine, plainKnobs } from './knobWords.ts';
import type { Argument, LaunchArguments } from './launchArguments.ts';

type Options = Map<string, unknown>;

/**
 * What the flags of `trtllm-serve` (or `dynamo.trtllm`) and its options file say: the file beats the flags.
 * @param options the file's content, `{}` where there is none. @param model null where the catalog does not know it.
 */
export function importTrtllm(
  args: LaunchArguments,
  options: Readonly<Record<string, unknown>>,
  into: ImportedWorker,
  model: ModelFacts | null,
): void {
  const keys = flattened(options);
  readParallelism(args, keys, into, model);
  takePlainKnobs('trtllm', args, into, 1);
  const dtype = args.take('--kv_cache_dtype');
  if (dtype !== null)
    setChecked(into, dtype.text, 'kv_cache.dtype', { auto: 'auto', fp8: 'fp8' }[dtype.values[0]], dtype.values[0]);
  readPlainKeys(keys, into);
  settleCapacity(into);
  readGraphs(keys, into);
  readSpeculation(keys, into);
  readRole(args, into);
  settleKeys(keys, into);
}

/** Mappings as dotted keys; a mapping without keys stays. */
function flattened(value: unknown, path = '', into: Options = new Map()): Options {
  const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = isMapping ? Object.entries(value) : [];
  if (entries.length === 0 && path !== '') into.set(path, isMapping ? {} : value);
  for (const [key, child] of entries) flattened(child, path === '' ? key : `${path}.${key}`, into);
  return into;
}

/** The value of a key, or of the flag of the same meaning. */
function either(keys: Options, key: string, argument: Argument | null): { text: string; value: unknown } | null {
  if (keys.has(key)) {
    const value = keys.get(key);
    keys.delete(key);
    return { text: `${key}: ${JSON.stringify(value)}`, value };
  }
  return argument === null ? null : { text: argument.text, value: argument.values[0] ?? true };
}

function countIn(into: ImportedWorker, given: { text: string; value: unknown } | null, initial: number): number {
  return countOf(into, given === null ? null : { text: given.text, values: [String(given.value)] }, initial);
}

function readParallelism(args: LaunchArguments, keys: Options, into: ImportedWorker, model: ModelFacts | null): void {
  const tensor = either(keys, 'tensor_parallel_size', args.take('--tp_size'));
  const pipeline = either(keys, 'pipeline_parallel_size', args.take('--pp_size'));
  const attention = either(keys, 'enable_attention_dp', args.take('--enable_attention_dp'));
  const expert = either(keys, 'moe_expert_parallel_size', args.take('--ep_size'));
  const slices = either(keys, 'moe_tensor_parallel_size', null);
  const gpus = countIn(into, tensor, 1);
  const spread = attention !== null && String(attention.value) === 'true';
  if (spread && gpus > 1) into.set(`${attention.text}, ${tensor!.text}`, 'parallelism.attention_data', gpus);
  else if (tensor !== null) into.set(tensor.text, 'parallelism.tensor', gpus);
  if (!spread && attention !== null) into.notes.ignore(attention.text, 'its default');
  if (pipeline !== null) into.set(pipeline.text, 'parallelism.pipeline', countIn(into, pipeline, 1));
  for (const [given, path] of [
    [expert, 'moe_expert'],
    [slices, 'moe_tensor'],
  ] as const) {
    if (given === null) continue;
    if (model !== null && model.moe === null) into.notes.ignore(given.text, `${model.id} has no experts`);
    else into.set(given.text, `parallelism.${path}`, countIn(into, given, 1));
  }
}

function readPlainKeys(keys: Options, into: ImportedWorker): void {
  for (const plain of plainKnobs('trtllm')) {
    const { yaml } = plain.told;
    const given = yaml === undefined ? null : either(keys, yaml, null);
    if (given === null) continue;
    const ours = fromEngine(plain, given.value, 1);
    // The overlap scheduler is told the other way round.
    const turned = plain.path === 'scheduler.async' && ours !== null ? !(ours as boolean) : ours;
    if (plain.path === 'kv_cache.capacity.bytes' && ours === 0) into.notes.ignore(given.text, 'its default');
    else setChecked(into, given.text, plain.path, turned, given.value);
  }
  const context = either(keys, 'max_seq_len', null);
  if (context !== null) into.setEngine(context.text, 'context_length', countIn(into, context, 1));
}

/** The smaller of tokens, bytes and share holds: the ones given as figures are what people mean. */
function settleCapacity(into: ImportedWorker): void {
  const { kv_cache } = into.worker as { kv_cache?: { capacity?: Record<string, number> } };
  const given = Object.entries(kv_cache?.capacity ?? {});
  if (given.length < 2) return;
  const [key, value] = given.find(([name]) => name === 'tokens') ?? given.find(([name]) => name === 'bytes')!;
  for (const [other] of given) {
    if (other !== key) into.notes.ignore(`kv_cache_config: ${other}`, `${key} says how large the cache is`);
  }
  into.set(`kv_cache_config: ${key}`, 'kv_cache.capacity', { [key]: value });
}

function readGraphs(keys: Options, into: ImportedWorker): void {
  const at = 'cuda_graph_config';
  const none = either(keys, at, null);
  if (none?.value === null) into.set(none.text, 'cuda_graphs', { max_size: 0 });
  const largest = either(keys, `${at}.max_batch_size`, null);
  const sizes = either(keys, `${at}.batch_sizes`, null);
  const padding = either(keys, `${at}.enable_padding`, null);
  if (largest !== null) setChecked(into, largest.text, 'cuda_graphs.max_size', asNumber(largest.value), largest.value);
  if (sizes !== null && Array.isArray(sizes.value)) {
    into.set(sizes.text, 'cuda_graphs', { sizes: [...new Set(sizes.value as number[])].sort((a, b) => a - b) });
  }
  if (padding !== null) into.set(padding.text, 'cuda_graphs.padding', String(padding.value) === 'true');
}

const METHODS: Readonly<Record<string, string>> = {
  mtp: 'mtp',
  eagle: 'eagle',
  eagle3: 'eagle3',
  drafttarget: 'draft_model',
  ngram: 'ngram',
};

function readSpeculation(keys: Options, into: ImportedWorker): void {
  const at = 'speculative_config';
  const type = either(keys, `${at}.decoding_type`, null);
  if (type === null) return;
  const method = METHODS[String(type.value).toLowerCase()];
  if (method === undefined) {
    into.notes.refuse(
      type.text,
      `"${String(type.value)}" is not modelled`,
      'known: MTP, Eagle, Eagle3, DraftTarget, NGram',
    );
    return;
  }
  const drafts = either(keys, `${at}.${method === 'mtp' ? 'num_nextn_predict_layers' : 'max_draft_len'}`, null);
  const model = either(keys, `${at}.speculative_model`, null) ?? either(keys, `${at}.speculative_model_dir`, null);
  if (keys.has(`${at}.eagle_choices`))
    into.notes.refuse(`${at}.eagle_choices`, 'draft trees are not modelled', 'a chain is');
  setSpeculation(into, `${type.text}, ${drafts?.text ?? ''}`, {
    method,
    drafts: countIn(into, drafts, 1),
    model: typeof model?.value === 'string' ? model.value : null,
    acceptedLength: null,
  });
  for (const key of [...keys.keys()].filter((each) => each.startsWith(`${at}.`))) {
    into.notes.ignore(key, 'details of the drafting');
    keys.delete(key);
  }
}

function readRole(args: LaunchArguments, into: ImportedWorker): void {
  const mode = args.take('--disaggregation_mode');
  const role = mode?.values[0];
  if (role === 'prefill' || role === 'decode') into.role = role;
  if (mode !== null) into.notes.map(mode.text, 'engine.mode', into.role === null ? 'aggregated' : 'disaggregated');
}

function settleKeys(keys: Options, into: ImportedWorker): void {
  for (const [key, value] of keys) {
    const text = `${key}: ${JSON.stringify(value)}`;
    const harmless = findGroup(OTHER_KEYS.ignored, key);
    const serious = findGroup(OTHER_KEYS.refused, key);
    const off = value === null || serious?.harmless?.includes(String(value)) === true;
    if (harmless !== undefined) into.notes.ignore(text, harmless.reason);
    else if (serious !== undefined && off) into.notes.ignore(text, 'its default');
    else if (serious !== undefined) into.notes.refuse(text, serious.reason, serious.hint);
    else into.notes.ignore(text, 'unknown to dynosim');
  }
}
