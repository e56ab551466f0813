/**
 * AISimulate's files (docs/cli-design.md at 0041cf46, docs/agentx-mtp.md) as ours: same section names where the concept is the
 * same, its defaults where a field is left out.
 */
import { closest } from '../base/closest.ts';
import { BACKENDS, type Backend } from '../catalog/engineProfile.ts';
import { listHardware } from '../catalog/hardwareList.ts';
import { importAisimulateTraffic } from './importAisimulateTraffic.ts';
import type { Imported } from './importLaunch.ts';
import { ImportNotes } from './importNotes.ts';
import { SimulatedFile } from './simulatedFile.ts';

const ROLES = ['aggregated', 'prefill', 'decode'] as const;

/**
 * @param file its name, for messages.
 * @throws InputError for text that is no YAML.
 */
export function importAisimulate(text: string, file: string): Imported {
  const source = new SimulatedFile(text, file, new ImportNotes());
  importAisimulateTraffic(source);
  readEngine(source);
  readRouter(source);
  readGoal(source);
  source.settleRest();
  return { config: source.config, notes: source.notes };
}

const SOURCES_OF_DATA = ['forward_model', 'systems_path', 'estimation_mode', 'fallback_policy'];
const NOT_MODELLED = ['state_cache', 'vision', 'agentic_cache'];

function readEngine(source: SimulatedFile): void {
  source.copy('engine.model');
  source.copy('engine.mode');
  readHardware(source, 'engine.hardware');
  source.copy('engine.backend');
  readVersion(source);
  const context = source.get('engine.context_length');
  if (typeof context === 'number') source.set('engine.context_length', context, 'engine.context_length');
  else if (context !== undefined) source.notes.ignore('engine.context_length', "the model's own");
  for (const key of SOURCES_OF_DATA)
    source.ignore(`engine.${key}`, 'where its kernel times come from; ours are computed');
  for (const key of NOT_MODELLED) if (source.has(`engine.${key}`)) source.refuse(`engine.${key}`, 'is not modelled');
  const backend = source.get<string>('engine.backend') ?? 'vllm';
  for (const role of ROLES) if (source.has(`engine.workers.${role}`)) readWorker(source, role, backend);
  readSharedSpeculation(source);
  if (source.has('engine.kv_transfer')) readTransfer(source);
}

/** `H100-SXM-80GB` is `h100_sxm`. */
function readHardware(source: SimulatedFile, path: string): void {
  const given = source.get(path);
  if (given === undefined || given === 'auto') return;
  const rename = (name: string) =>
    closest(
      name
        .toLowerCase()
        .replaceAll('-', '_')
        .replace(/_\d+gb$/, ''),
      IDS,
    ) ?? name;
  const choices = (given as { choices?: string[] }).choices;
  source.set(path, choices === undefined ? rename(String(given)) : { choices: choices.map(rename) }, path);
}

const IDS = listHardware().map(({ id }) => id);

function readVersion(source: SimulatedFile): void {
  const version = source.get('engine.backend_version');
  if (version === undefined || version === null || version === 'latest') {
    source.notes.assume('engine.backend_version', 'the newest with a profile, see dynosim catalog engines');
  } else source.set('engine.backend_version', String(version), 'engine.backend_version');
}

const PARALLELISM = ['replicas', 'tensor', 'pipeline', 'attention_data', 'moe_tensor', 'moe_expert'];
const BLOCK_SIZES: Readonly<Record<Backend, number>> = { vllm: 64, sglang: 1, trtllm: 32 };
const FRACTIONS: Readonly<Record<Backend, number>> = { vllm: 0.9, sglang: 0.88, trtllm: 0.9 };

function readWorker(source: SimulatedFile, role: (typeof ROLES)[number], given: unknown): void {
  const at = `engine.workers.${role}`;
  const backend: Backend = BACKENDS.find((each) => each === given) ?? 'vllm';
  if (BACKENDS.every((each) => each !== given))
    source.refuse('engine.backend', 'must be one engine here', 'import one file for each');
  readHardware(source, `${at}.hardware`);
  for (const key of PARALLELISM) source.copy(`${at}.parallelism.${key}`);
  source.ignore(`${at}.parallelism.preset`, 'fields that vary are listed, or take our default domains');
  for (const key of ['prefill_context', 'decode_context']) {
    const ways = source.get(`${at}.parallelism.${key}`);
    if (ways !== undefined && ways !== 1)
      source.refuse(`${at}.parallelism.${key}`, 'context parallelism is not modelled', 'use tensor');
  }
  readScheduler(source, at, backend, role);
  readCache(source, at, backend);
  readTiming(source, at);
  readSpeculation(source, `${at}.speculation`, [at]);
  readStartup(source, at);
}

/** One delay of replicas that a planner adds: nothing is said of what it consists of. */
function readStartup(source: SimulatedFile, at: string): void {
  const path = `${at}.startup_seconds`;
  const seconds = source.get(path);
  if (seconds === undefined || seconds === null) return;
  source.set(`${at}.startup.provisioning_seconds`, seconds, path);
  source.set(`${at}.startup.load_gb_per_second`, null, path);
  source.set(`${at}.startup.warmup_seconds`, 0, path);
}

function readScheduler(source: SimulatedFile, at: string, backend: Backend, role: string): void {
  const tokens = `${at}.scheduler.max_batched_tokens`;
  if (backend === 'sglang') source.ignore(tokens, "AISimulate's SGLang core does not read it; here it is the chunk");
  else if (source.has(tokens)) source.copy(tokens);
  else source.set(tokens, 8192, "AISimulate's default");
  const sequences = `${at}.scheduler.max_sequences`;
  if (source.has(sequences)) source.copy(sequences);
  else source.set(sequences, role === 'prefill' ? 1 : 256, "AISimulate's default");
  const interval = source.get(`${at}.scheduler.prefill_schedule_interval`);
  if (interval === 1) source.notes.ignore(`${at}.scheduler.prefill_schedule_interval`, 'its default');
  else if (interval !== undefined)
    source.set(`${at}.scheduler.prefill_interval`, interval, `${at}.scheduler.prefill_schedule_interval`);
  const decode = source.get(`${at}.scheduler.prefill_decode_interval`);
  if (decode !== undefined && decode !== 0) {
    source.refuse(
      `${at}.scheduler.prefill_decode_interval`,
      'decodes between prefills are not an option of the engine',
    );
  }
}

function readCache(source: SimulatedFile, at: string, backend: Backend): void {
  const cache = `${at}.kv_cache`;
  if (source.has(`${cache}.block_size`)) source.copy(`${cache}.block_size`);
  else source.set(`${cache}.block_size`, BLOCK_SIZES[backend], "AISimulate's default");
  source.copy(`${cache}.prefix_caching`);
  source.ignore(`${cache}.bytes_per_token`, "follows from the model's shape");
  source.ignore(`${cache}.capacity.type`, 'the figure beside it says the same');
  source.ignore(`${cache}.capacity.cuda_graph_reserved_bytes`, 'set aside by the memory model');
  const figures = ['memory_fraction', 'blocks', 'bytes'].filter((key) => source.has(`${cache}.capacity.${key}`));
  if (figures.length === 0) source.set(`${cache}.capacity.memory_fraction`, FRACTIONS[backend], "AISimulate's default");
  for (const key of figures) source.copy(`${cache}.capacity.${key}`);
  for (const key of ['host_offload', 'g3']) {
    if (source.has(`${cache}.${key}`))
      source.refuse(
        `${cache}.${key}`,
        'KV cache beyond the GPU is not imported',
        'state what it keeps as kv_cache.tiers',
      );
  }
}

function readTiming(source: SimulatedFile, at: string): void {
  const type = source.get(`${at}.timing.type`);
  if (type === undefined) return;
  if (type === 'fixed') {
    const timing = {
      type,
      prefill_ms: source.get(`${at}.timing.prefill_ms`),
      decode_ms: source.get(`${at}.timing.decode_ms`),
    };
    source.set(`${at}.timing`, timing, `${at}.timing`);
  } else if (type === 'default') source.notes.ignore(`${at}.timing`, 'our roofline');
  else
    source.refuse(
      `${at}.timing.type`,
      'its uncalibrated polynomial is not taken over',
      'leave it out for our roofline',
    );
  source.ignore(`${at}.timing.forward_model`, 'where its kernel times come from; ours are computed');
}

/** Speculation beside the workers holds for all of them. */
function readSharedSpeculation(source: SimulatedFile): void {
  const workers = ROLES.map((role) => `engine.workers.${role}`).filter((at) => source.has(at));
  readSpeculation(source, 'engine.speculation', workers);
  const legacy = source.get<number>('engine.nextn');
  const accepted = source.get<number>('engine.nextn_accepted');
  if (legacy !== undefined && legacy > 0) writeSpeculation(source, 'engine.nextn', workers, legacy, accepted);
}

function readSpeculation(source: SimulatedFile, path: string, workers: readonly string[]): void {
  if (source.get(path) == null) return;
  const kind = source.get(`${path}.kind`) ?? 'mtp';
  const drafts = source.get<number>(`${path}.num_speculative_tokens`);
  const accepted = source.get<number>(`${path}.expected_accepted_tokens`);
  if (kind !== 'mtp' || drafts === undefined) source.refuse(path, 'only MTP with num_speculative_tokens is taken over');
  else writeSpeculation(source, path, workers, drafts, accepted);
}

/** Its accepted tokens leave the pass's own out. */
function writeSpeculation(
  source: SimulatedFile,
  from: string,
  workers: readonly string[],
  drafts: number,
  accepted: number | undefined,
): void {
  const acceptance = Array.from({ length: drafts }, (_, position) => [0.85, 0.3][position] ?? 0);
  if (accepted === undefined) source.notes.assume(from, `AIConfigurator's acceptance ${JSON.stringify(acceptance)}`);
  const rate = accepted === undefined ? { acceptance } : { accepted_length: accepted + 1 };
  for (const at of workers) source.set(`${at}.speculation`, { method: 'mtp', draft_tokens: drafts, ...rate }, from);
}

/** A link that costs nothing there is one that is never the bottleneck here. */
const FREE_GB_PER_SECOND = 1e6;

function readTransfer(source: SimulatedFile): void {
  const at = 'engine.kv_transfer';
  const bandwidth = source.get(`${at}.bandwidth_gb_per_second`);
  source.set(`${at}.bandwidth_gb_per_second`, bandwidth ?? FREE_GB_PER_SECOND, `${at}.bandwidth_gb_per_second`);
  if (bandwidth == null)
    source.notes.assume(at, 'no bandwidth means a free transfer there: the link is never the bottleneck');
  source.ignore(`${at}.bytes_per_token`, "follows from the model's shape");
  const mode = source.get(`${at}.timing_mode`);
  if (mode !== undefined && mode !== 'destination_missing')
    source.refuse(`${at}.timing_mode`, 'only what the decode side lacks is moved here');
}

/** Weights of its KV router, at the values ours has too. */
const KV_ROUTER_WEIGHTS: Readonly<Record<string, number>> = {
  overlap_score_credit: 1,
  prefill_load_scale: 1,
  temperature: 0,
  host_cache_hit_weight: 0.75,
  disk_cache_hit_weight: 0.25,
};

function readRouter(source: SimulatedFile): void {
  source.copy('router.policy');
  for (const [weight, initial] of Object.entries(KV_ROUTER_WEIGHTS)) {
    const given = source.get(`router.${weight}`);
    if (given === initial) source.notes.ignore(`router.${weight}`, 'its default, and ours');
    else if (given !== undefined) source.refuse(`router.${weight}`, `must be ${initial}: weights are no knobs here`);
  }
  const model = source.get('router.prefill_load_model.type');
  if (model !== undefined && model !== 'none') {
    source.refuse('router.prefill_load_model.type', 'predicted prefill load is no knob here', 'none is');
  } else source.ignore('router.prefill_load_model', 'its default, and ours');
  if (!source.has('planner')) return;
  if (source.get('planner.policy') === 'disabled') source.ignore('planner', 'fleets of a fixed size');
  else
    source.refuse('planner', 'its presets are not mapped', 'planner: {policy: disabled}, then our own planner section');
}

const TARGETS: Readonly<Record<string, readonly string[]>> = {
  throughput: ['output_tokens_per_s'],
  throughput_per_gpu: ['output_tokens_per_s_per_gpu'],
  throughput_per_user: ['output_tokens_per_s_per_user'],
  goodput: ['goodput_requests_per_s'],
  goodput_per_gpu: ['goodput_output_tokens_per_s_per_gpu'],
  ttft: ['mean_ttft_ms'],
  e2e_latency: ['mean_e2e_ms'],
  min_gpus: ['gpus_peak'],
  pareto: ['output_tokens_per_s_per_gpu', 'output_tokens_per_s_per_user'],
};

const BUDGETS = ['max_trials', 'parallelism', 'candidate_timeout_seconds', 'algorithm'];

function readGoal(source: SimulatedFile): void {
  for (const [theirs, ours] of [
    ['ttft_ms', 'ttft_ms'],
    ['itl_ms', 'tpot_ms'],
    ['e2e_ms', 'e2e_ms'],
  ] as const) {
    const bound = source.get(`evaluation.sla.${theirs}`);
    if (bound != null) source.set(`evaluation.slo.${ours}.p95`, bound, `evaluation.sla.${theirs}`);
  }
  if (source.has('evaluation.sla'))
    source.notes.assume('evaluation.sla', 'bounds hold for each request there; attained here when 95 % keep them');
  const target = source.get<string>('optimization.target');
  if (target !== undefined) {
    const objectives = TARGETS[target];
    if (objectives === undefined)
      source.refuse('optimization.target', `"${target}" is not taken over`, Object.keys(TARGETS).join(', '));
    else source.set('optimization.objectives', objectives, 'optimization.target');
  }
  if (source.has('optimization.hardware') && !('hardware' in (source.config.engine as object))) {
    const hardware = source.get('optimization.hardware');
    source.set('engine.hardware', hardware, 'optimization.hardware');
  }
  for (const key of ['min_candidate_gpus', 'max_candidate_gpus']) source.copy(`optimization.constraints.${key}`);
  source.ignore('optimization.constraints.strict_sla', 'candidates that break the SLO are never picked');
  for (const key of BUDGETS) source.ignore(`optimizer.${key}`, 'how its search is run');
  source.copy('optimizer.seed');
}
