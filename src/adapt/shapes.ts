import type { Role } from '../cluster/scenario.ts';
import { poolsOf as placedPools } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { Domain, RecommendConfig } from '../config/recommendConfig.ts';
import { enumerateCandidates } from '../recommend/candidates.ts';
import { gpusOfPool, parallelismName, shapeKey } from '../recommend/deployment.ts';
import { memoryPlanner } from '../recommend/memoryRefusal.ts';
import { usdPerGpuHour } from '../study/prediction.ts';

/** What may be repeated: one replica of each role, and how requests are routed to them. */
export interface Shape {
  /** `TP2 h100_sxm, kv_router`; the router where the goal leaves it open. */
  readonly name: string;
  /** The same for shapes that differ in the router alone. */
  readonly replica: string;
  /** A deployment of one replica of each pool. */
  readonly config: PredictConfig;
  /** Aggregated; or prefill and decode. */
  readonly pools: readonly ShapePool[];
}

export interface ShapePool {
  readonly role: Role;
  readonly gpus: number;
  readonly usdPerHour: number;
}

/** Routers tried where the goal names none: by load, and by prefix. */
const ROUTERS = ['least_loaded', 'prefix_aware'];

/** The shapes of a goal's legal candidates; of those that differ in nothing else, the first stands for all. */
export function shapesOf(config: RecommendConfig, facts: Facts): Shape[] {
  const single = { ...config, domains: config.domains.map(narrowed) };
  const goal = { ...single, constraints: { ...config.constraints, min_candidate_gpus: 1 } };
  const routers = goal.domains.find(({ path }) => path === 'router.policy')!.values;
  const shapes = new Map<string, Shape>();
  for (const candidate of enumerateCandidates(goal, facts, memoryPlanner(facts)).configs()) {
    const replica = shapeKey(candidate);
    const { policy } = candidate.router;
    const key = `${replica}, ${policy}`;
    const pools = placedPools(candidate);
    if (shapes.has(key) || new Set(pools.map(({ role }) => role)).size < pools.length) continue;
    const names = pools.map(({ role, pool }) => {
      const name = `${parallelismName(pool)} ${pool.hardware}`;
      return role === 'aggregated' ? name : `${role} ${name}`;
    });
    shapes.set(key, {
      name: `${names.join(' + ')}${routers.length > 1 ? `, ${policy}` : ''}`,
      replica,
      config: candidate,
      pools: pools.map(({ role, pool }) => ({
        role,
        gpus: gpusOfPool(pool),
        usdPerHour: gpusOfPool(pool) * usdPerGpuHour(candidate, pool.hardware, facts),
      })),
    });
  }
  return [...shapes.values()];
}

/** One replica of everything. */
function narrowed(domain: Domain): Domain {
  if (domain.path.endsWith('.parallelism.replicas')) return { ...domain, values: [1], origin: 'user' };
  if (domain.path !== 'router.policy') return domain;
  const values =
    domain.origin === 'user' ? domain.values : domain.values.filter((each) => ROUTERS.includes(String(each)));
  return { ...domain, values, origin: 'user' };
}
