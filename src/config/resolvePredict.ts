import { newestProfile } from '../catalog/engineProfiles.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import type { ModelFacts } from '../catalog/model.ts';
import type { Role } from '../cluster/scenario.ts';
import type { SloSpec } from '../metrics/report.ts';
import { type EngineAt, engineAtVersion } from './engineAt.ts';
import type { Facts } from './facts.ts';
import { resolveFaults } from './faultsConfig.ts';
import { knobDefault } from './knobs.ts';
import { resolveNetwork } from './networkConfig.ts';
import type { ScaledPool } from './plannerLimits.ts';
import type { PredictConfig, WorkerConfig } from './predictConfig.ts';
import type { PredictInput, WorkerInput } from './predictSchema.ts';
import type { Problems } from './problems.ts';
import { replicaKind } from './replicaKind.ts';
import { resolvePlanner } from './resolvePlanner.ts';
import { defaultWarmup, resolveTraffic } from './resolveTraffic.ts';
import { resolveWorker } from './resolveWorker.ts';
import { checkRouter, type RouterConfig } from './routerConfig.ts';
import { checkTransfer } from './transferConfig.ts';

export const ROLES_OF_MODE = {
  aggregated: ['aggregated'],
  disaggregated: ['prefill', 'decode'],
} as const satisfies Record<PredictConfig['engine']['mode'], readonly Role[]>;

/**
 * Fills in every default of a validated input. What does not fit together is added to `problems`; the result is only
 * meaningful when there are none.
 */
export function resolvePredict(input: PredictInput, facts: Facts, problems: Problems): PredictConfig {
  const { engine, evaluation } = input;
  const model = problems.attempt(['engine', 'model'], () => facts.model(engine.model));
  const contextLength = engine.context_length ?? null;
  if (model !== null && contextLength !== null && contextLength > model.contextLength) {
    problems.add(
      ['engine', 'context_length'],
      `must be at most the ${model.contextLength} tokens ${model.id} allows, got ${contextLength}`,
    );
  }
  const traffic = resolveTraffic(input.traffic, problems);
  const at = engineAt(engine, problems);
  const router: RouterConfig = { policy: knobDefault('router.policy'), ...given(input.router ?? {}) };
  checkRouter(router, problems);
  const transfer = given(engine.kv_transfer ?? {});
  checkTransfer(transfer, modeOf(engine), at.backend, problems);
  const workers = resolveWorkers(engine, at, model, facts, problems);
  const network = input.network === undefined ? null : resolveNetwork(given(input.network));
  return {
    seed: input.seed ?? knobDefault('seed'),
    traffic,
    engine: {
      mode: modeOf(engine),
      model: engine.model,
      backend: at.backend,
      backend_version: at.version,
      quantization: engine.quantization ?? 'checkpoint',
      context_length: contextLength,
      workers,
      kv_transfer: {
        bandwidth_gb_per_second: null,
        latency_ms: knobDefault('engine.kv_transfer.latency_ms'),
        ...transfer,
      },
    },
    router,
    ...(network === null ? {} : { network }),
    ...(input.faults === undefined ? {} : { faults: resolveFaults(input.faults, workers, network, problems) }),
    ...(input.planner === undefined
      ? {}
      : {
          planner: resolvePlanner(input.planner, scaledPools(workers), resolveSlo(evaluation?.slo), router, problems),
        }),
    evaluation: {
      slo: resolveSlo(evaluation?.slo),
      window: {
        warmup: evaluation?.window?.warmup ?? { requests: defaultWarmup(traffic) },
        cooldown: evaluation?.window?.cooldown ?? { requests: 0 },
      },
    },
    cost: { usd_per_gpu_hour: input.cost?.usd_per_gpu_hour ?? null },
  };
}

/** The pools a planner scales, in the order of the fleet. */
function scaledPools(workers: PredictConfig['engine']['workers']): ScaledPool[] {
  return (['aggregated', 'prefill', 'decode'] as const).flatMap((role) =>
    (workers[role] ?? []).map(({ name, hardware, parallelism, speculation, startup }) => ({
      name,
      role,
      replicas: parallelism.replicas,
      gpusPerReplica: parallelism.tensor * parallelism.pipeline * parallelism.attention_data,
      warmReplicas: startup?.warm_replicas ?? 0,
      kind: replicaKind({ hardware, parallelism, speculation }),
    })),
  );
}

/** No bounds at all is no SLO. */
export function resolveSlo(input: NonNullable<PredictInput['evaluation']>['slo']): SloSpec | null {
  return input == null || Object.keys(input).length === 0 ? null : (input as SloSpec);
}

function modeOf(engine: PredictInput['engine']): PredictConfig['engine']['mode'] {
  const { workers } = engine;
  const split = workers?.prefill !== undefined || workers?.decode !== undefined;
  return engine.mode ?? (split && workers?.aggregated === undefined ? 'disaggregated' : 'aggregated');
}

/** The engine asked for; where its version cannot be read, the newest stands in. */
export function engineAt(
  {
    backend = knobDefault('engine.backend'),
    backend_version,
  }: Pick<PredictInput['engine'], 'backend' | 'backend_version'>,
  problems: Problems,
): EngineAt {
  const newest = newestProfile(backend).version;
  const version = backend_version ?? newest;
  return (
    problems.attempt(['engine', 'backend_version'], () => engineAtVersion(backend, version)) ??
    engineAtVersion(backend, newest)
  );
}

function resolveWorkers(
  engine: PredictInput['engine'],
  at: EngineAt,
  model: ModelFacts | null,
  facts: Facts,
  problems: Problems,
): PredictConfig['engine']['workers'] {
  const mode = modeOf(engine);
  const wanted: readonly Role[] = ROLES_OF_MODE[mode];
  const path = ['engine', 'workers'];
  const resolved: Partial<Record<Role, WorkerConfig[]>> = {};
  const known = new Map<string, HardwareFacts | null>();
  for (const role of ['aggregated', 'prefill', 'decode'] as const) {
    const given = engine.workers?.[role];
    if (!wanted.includes(role)) {
      // Aggregated pools may stand in for prefill and decode.
      if (given === undefined) continue;
      if (role !== 'aggregated') {
        problems.add([...path, role], `has no place in ${mode} mode`, `remove it or change engine.mode`);
        continue;
      }
    } else if (given === undefined) {
      problems.add([...path, role], `required in ${mode} mode`, '{} takes the defaults');
      continue;
    }
    const list = Array.isArray(given) ? given : [given];
    resolved[role] = list.map((worker, index) => {
      const here = [...path, role, ...(Array.isArray(given) ? [index] : [])];
      const hardware = hardwareOf(worker, engine.hardware, here, known, facts, problems);
      const name = worker.name ?? (list.length === 1 ? role : `${role}-${index + 1}`);
      return resolveWorker(worker, name, hardware, {
        facts,
        engine: at,
        model,
        contextLength: engine.context_length ?? null,
        path: here,
        problems,
      });
    });
  }
  checkNames(resolved, problems);
  return resolved;
}

function hardwareOf(
  worker: WorkerInput,
  shared: string | undefined,
  path: readonly (string | number)[],
  known: Map<string, HardwareFacts | null>,
  facts: Facts,
  problems: Problems,
): { id: string; facts: HardwareFacts | null } {
  const id = worker.hardware ?? shared;
  if (id === undefined) {
    problems.add(
      [...path, 'hardware'],
      'required: a GPU for this pool',
      'or for all pools by engine.hardware or --gpu',
    );
    return { id: '', facts: null };
  }
  const at = worker.hardware === undefined ? ['engine', 'hardware'] : [...path, 'hardware'];
  const key = worker.hardware === undefined ? 'shared' : `own ${id}`;
  if (!known.has(key))
    known.set(
      key,
      problems.attempt(at, () => facts.hardware(id)),
    );
  return { id, facts: known.get(key)! };
}

function checkNames(workers: Partial<Record<Role, readonly WorkerConfig[]>>, problems: Problems): void {
  const seen = new Set<string>();
  for (const [role, pools] of Object.entries(workers)) {
    for (const [index, pool] of pools.entries()) {
      if (seen.has(pool.name)) {
        const path = ['engine', 'workers', role, ...(pools.length > 1 ? [index] : []), 'name'];
        problems.add(path, `must differ from every other pool's, got "${pool.name}" twice`);
      }
      seen.add(pool.name);
    }
  }
}

/** An object without its absent fields. */
function given<T extends object>(section: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(section).filter(([, value]) => value !== undefined)) as never;
}
