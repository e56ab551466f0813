import { InputError, type InputIssue } from '../base/inputError.ts';
import { BYTES_PER_GIB, NS_PER_S } from '../base/units.ts';
import { derivedParameters } from '../catalog/weights.ts';
import type { FrontEndSpec } from '../cluster/frontEnd.ts';
import type { RouterSpec } from '../cluster/router/routerSpec.ts';
import type { LoadSpec, PoolSpec, Role, Scenario } from '../cluster/scenario.ts';
import type { EngineConfig } from '../engine/engineConfig.ts';
import { attentionWindow } from '../timing/attentionWindow.ts';
import { timingModelOf } from '../timing/calibration.ts';
import type { GraphRecipe } from '../timing/hostProfile.ts';
import { kvTransferBytesPerToken } from '../timing/kvBytes.ts';
import { blocksPerRequest } from '../timing/kvGroups.ts';
import { type MemoryPlan, type MemoryRequest, planMemory, smallestTensorThatFits } from '../timing/memory.ts';
import { gpusPerReplica, type ReplicaSpec } from '../timing/replica.ts';
import type { DraftCost } from '../timing/roofline.ts';
import { compileServer, type ServerTiming } from '../timing/server.ts';
import type { Workload } from '../workload/workload.ts';
import { engineAtVersion } from './engineAt.ts';
import { engineConfigOf } from './engineConfigOf.ts';
import type { Facts } from './facts.ts';
import { faultSpecOf } from './faultsConfig.ts';
import { knobDefault } from './knobs.ts';
import { networkSpecOf } from './networkConfig.ts';
import { pageIssue } from './pageIssue.ts';
import { patienceSpecOf } from './patienceConfig.ts';
import { initialReplicas, plannerSpecOf } from './plannerConfig.ts';
import type { PredictConfig, TrafficLoad, WorkerConfig } from './predictConfig.ts';
import { replicaKind } from './replicaKind.ts';
import { memoryRequestOf, replicaSpecOf } from './replicaSpec.ts';
import { type RouterConfig, routerSpecOf, withPolicy } from './routerConfig.ts';
import { runningRequests } from './sglangMemory.ts';
import { resolveStartup, startupSpecOf } from './startupConfig.ts';
import { tiersSpecOf } from './tiersConfig.ts';
import { transferOf } from './transferConfig.ts';
import { userTimer } from './userTimer.ts';

export interface BuildOptions {
  /** `plain` is the slow reference. */
  readonly core?: Scenario['core'];
  /** Samples of the fleet's state to keep; 0 by default. */
  readonly samples?: number;
}

/** A pool of the scenario with what was derived for it, in the scenario's order. */
export interface PlannedPool {
  readonly name: string;
  readonly role: Role;
  readonly replica: ReplicaSpec;
  readonly plan: MemoryPlan;
}

export interface BuiltScenario {
  readonly scenario: Scenario;
  readonly pools: readonly PlannedPool[];
  /** Of all pools. */
  readonly gpus: number;
}

/**
 * The simulation a configuration describes.
 * @param workload as `loadWorkload` gives it for `config.traffic`.
 * @throws InputError for each pool whose GPUs cannot hold the model and one request of full length.
 */
export function buildScenario(
  config: PredictConfig,
  workload: Workload,
  facts: Facts,
  { core = 'fast', samples = 0 }: BuildOptions = {},
): BuiltScenario {
  const placed = poolsOf(config);
  const issues: InputIssue[] = [];
  const built = placed.map(({ role, pool, path }) => {
    const replica = replicaSpecOf(config, pool, facts);
    const request = memoryRequestOf(config, pool, facts);
    const plan = planMemory(replica, request);
    if (pool.kv_cache.tiers !== undefined && plan.groups.some(({ kind }) => kind !== 'full')) {
      const message = `${config.engine.model} has layers that do not keep every token: tiers are not simulated for those`;
      issues.push({ path: `${path}.kv_cache.tiers`, message });
    }
    const page = pageIssue(pool, plan);
    if (page !== null) issues.push({ ...page, path: `${path}.${page.path}` });
    if (!plan.fits) issues.push({ path, ...memoryIssue(replica, request, plan) });
    return { role, pool, replica, request, plan };
  });
  if (issues.length > 0) throw new InputError(issues);
  const timings = built.map(({ pool, replica }) => serverTimingOf(config, pool, replica, facts));
  const pools = built.map(
    ({ role, pool, replica, request, plan }, index): PoolSpec => ({
      name: pool.name,
      role,
      replicas: replicasOf(config, pool),
      gpusPerReplica: gpusPerReplica(replica.parallelism),
      engine: withTiers(engineOf(config, pool, request, plan), pool, replica),
      timer: timings[index].timer,
      ...(config.planner === undefined ? {} : { startup: startupOf(pool, replica, plan) }),
    }),
  );
  const entry = built.filter(({ role }) => role !== 'decode');
  const routerOf = (router: RouterConfig): RouterSpec =>
    routerSpecOf(router, Math.min(...entry.map(({ request }) => request.maxBatchedTokens)));
  const { mode, backend, kv_transfer } = config.engine;
  const { stop, load, over_length } = config.traffic;
  const seconds = stop.max_virtual_time_seconds;
  return {
    scenario: {
      workload,
      load: loadOf(load),
      pools,
      router: routerOf(config.router),
      ...(config.network === undefined ? {} : { network: networkSpecOf(config.network, built[0].replica.hardware) }),
      ...(config.faults === undefined ? {} : { faults: faultSpecOf(config.faults, pools, config.network ?? null) }),
      ...(config.traffic.patience === undefined ? {} : { patience: patienceSpecOf(config.traffic.patience) }),
      ...(config.router.max_in_flight === undefined ? {} : { maxInFlight: config.router.max_in_flight }),
      ...(config.router.max_kv_usage === undefined ? {} : { maxKvUsage: config.router.max_kv_usage }),
      ...(config.planner === undefined
        ? {}
        : {
            planner: plannerSpecOf(
              config.planner,
              pools,
              placed.map(({ pool }) => replicaKind(pool)),
              config.router.policy,
              (policy) => routerOf(withPolicy(config.router, policy)),
            ),
          }),
      frontEnd: frontEndOf(timings[0]),
      transfer: mode === 'disaggregated' ? transferOf(kv_transfer, backend, config.network !== undefined, built) : null,
      seed: config.seed,
      overLength: over_length,
      maxVirtualNs: seconds === null ? Number.POSITIVE_INFINITY : Math.round(seconds * NS_PER_S),
      core,
      samples,
    },
    pools: built.map(({ role, pool, replica, plan }) => ({ name: pool.name, role, replica, plan })),
    gpus: pools.reduce((sum, pool) => sum + pool.replicas * pool.gpusPerReplica, 0),
  };
}

/** At the beginning. */
function replicasOf({ planner }: PredictConfig, { name, parallelism }: WorkerConfig): number {
  const { replicas } = parallelism;
  return planner === undefined ? replicas : initialReplicas(planner, { name, replicas });
}

/** A node reads the weights of the GPUs of the replica that it has. */
export function startupOf({ startup }: WorkerConfig, { parallelism }: ReplicaSpec, { weightBytesPerGpu }: MemoryPlan) {
  const gpusOfNode = Math.min(gpusPerReplica(parallelism), knobDefault<number>('network.gpus_per_node'));
  return startupSpecOf(startup ?? resolveStartup({}), weightBytesPerGpu * gpusOfNode);
}

interface PlacedPool {
  readonly role: Role;
  readonly pool: WorkerConfig;
  /** In the words of the YAML. */
  readonly path: string;
}

/** Every pool of a configuration, by role, in the order of the file. */
export function poolsOf(config: PredictConfig): PlacedPool[] {
  const { workers } = config.engine;
  return (['aggregated', 'prefill', 'decode'] as const).flatMap((role) => {
    const pools = workers[role] ?? [];
    return pools.map((pool, index) => ({
      role,
      pool,
      path: `engine.workers.${role}${pools.length > 1 ? `.${index}` : ''}`,
    }));
  });
}

function memoryIssue(
  replica: ReplicaSpec,
  request: MemoryRequest,
  plan: MemoryPlan,
): { message: string; hint: string } {
  const { model, hardware, parallelism } = replica;
  const gib = (bytes: number) => `${(bytes / BYTES_PER_GIB).toFixed(1)} GiB`;
  const fitting = smallestTensorThatFits(replica, request);
  const shorter = longestContext(request, plan);
  const ways = [
    ...(fitting === null || fitting <= parallelism.tensor ? [] : [`tensor ${fitting} fits`]),
    ...(shorter < 1024 ? [] : [`engine.context_length ${shorter} fits`]),
  ];
  return {
    message:
      `${model.id} does not fit on ${gpusPerReplica(parallelism)} x ${hardware.id}: ${gib(plan.missingBytesPerGpu)} a GPU ` +
      `are missing for ${gib(plan.weightBytesPerGpu)} of weights and one request of ${request.contextLength} tokens`,
    hint: ways.length > 0 ? ways.join(', ') : 'no tensor parallelism fits: take larger GPUs or a smaller format',
  };
}

/** Tokens of the longest request there is room for, a page set aside as vLLM does. */
function longestContext({ groups: request }: MemoryRequest, plan: MemoryPlan): number {
  const { groups } = plan;
  const { blockTokens } = groups[0];
  const blocks = Math.floor(plan.availableKvBytesPerGpu / plan.blockBytesPerGpu) - 1;
  const fits = (pages: number) => blocksPerRequest(groups, pages * blockTokens, request?.inFlightTokens ?? 0) <= blocks;
  let pages = Math.max(0, blocks);
  while (pages > 0 && !fits(pages)) pages -= 1;
  return pages * blockTokens;
}

function engineOf(config: PredictConfig, pool: WorkerConfig, request: MemoryRequest, plan: MemoryPlan): EngineConfig {
  const engine = engineAtVersion(config.engine.backend, config.engine.backend_version);
  const { max_sequences } = pool.scheduler;
  const { attention_data, pipeline } = pool.parallelism;
  const blocks = Math.floor(plan.blocks / attention_data);
  const { contextLength } = request;
  const { blockTokens } = plan.groups[0];
  const common = {
    maxSequences: max_sequences ?? runningRequests(blocks * blockTokens, contextLength),
    blockTokens,
    blocks,
    contextLength,
    attentionDataRanks: attention_data,
    pipelineStages: pipeline,
  };
  const engineConfig = engineConfigOf(engine, pool, common, config.traffic.ignore_eos, config.seed);
  return engineConfig.backend === 'vllm' ? { ...engineConfig, kvGroups: plan.groups } : engineConfig;
}

function withTiers(engine: EngineConfig, { kv_cache }: WorkerConfig, replica: ReplicaSpec): EngineConfig {
  if (kv_cache.tiers === undefined) return engine;
  const pageBytes = engine.blockTokens * kvTransferBytesPerToken(replica);
  return { ...engine, tiers: tiersSpecOf(kv_cache.tiers, pageBytes, gpusPerReplica(replica.parallelism)) };
}

/** A pool's clock: of the roofline with its coefficients, or as the user states it, in which case nothing is added outside the engine. */
function serverTimingOf(config: PredictConfig, pool: WorkerConfig, replica: ReplicaSpec, facts: Facts): ServerTiming {
  const { timing, scheduler } = pool;
  const { backend } = config.engine;
  if (timing.type !== 'roofline') {
    return { timer: userTimer(timing, attentionWindow(replica.model)), requestNs: 0, perInputTokenNs: 0 };
  }
  const graphs: GraphRecipe = {
    backend,
    overlap: scheduler.async ?? false,
    maxSequences: scheduler.max_sequences ?? scheduler.max_batched_tokens,
    prefillGraphTokens: null,
    ...graphsOf(pool.cuda_graphs),
  };
  const model = timingModelOf(facts.calibration(timing.calibration), replica, backend);
  return compileServer(replica, graphs, draftsOf(pool, replica, facts), model);
}

function graphsOf(graphs: WorkerConfig['cuda_graphs']): Pick<GraphRecipe, 'maxDecodeGraph' | 'decodeGraphs'> {
  if ('sizes' in graphs) return { maxDecodeGraph: null, decodeGraphs: graphs.sizes };
  return { maxDecodeGraph: graphs.max_size, decodeGraphs: null };
}

/** A draft model counts as so many layers of the model as it has of its active parameters. */
function draftsOf({ speculation }: WorkerConfig, { model }: ReplicaSpec, facts: Facts): DraftCost | null {
  if (speculation === null) return null;
  const { method, draft_tokens, draft_model } = speculation;
  if (method === 'ngram') return { tokens: draft_tokens, layers: 0 };
  if (draft_model === null) return { tokens: draft_tokens, layers: 1 };
  const share = derivedParameters(facts.model(draft_model)).active / derivedParameters(model).active;
  return { tokens: draft_tokens, layers: share * model.layers };
}

/** What requests meet first, by the pool they enter: a server for each of its replicas, with one tokenizer as vLLM and SGLang start it. */
function frontEndOf({ requestNs, perInputTokenNs }: ServerTiming): FrontEndSpec {
  return { requestNs, perInputTokenNs, tokenizers: 1 };
}

function loadOf(load: TrafficLoad): LoadSpec {
  if (load.type === 'concurrency') return { kind: 'closed', concurrency: load.concurrency };
  return { kind: 'open', speedup: load.type === 'trace_timestamps' ? load.speedup : 1 };
}
