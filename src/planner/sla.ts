import type { Observation, PlannerPolicy, TrafficObservation } from '../cluster/planner.ts';
import { EngineModel, type Lengths } from './engineModel.ts';
import { createForecaster } from './forecast.ts';
import type { Forecaster } from './forecaster.ts';
import { type PoolDecision, perPool, stayingIn } from './perPool.ts';
import type { SlaSpec } from './policySpec.ts';
import type { PoolFacts } from './poolFacts.ts';
import { decideByLoad, type LoadBounds } from './slaLoad.ts';

const NS_PER_MS = 1e6;

/**
 * Dynamo's planner with optimization target `sla`: reactive load scaling, predictive throughput scaling, or both, in which
 * case the throughput answer is a floor under the reactive one.
 */
export function slaPolicy(pools: readonly PoolFacts[], spec: SlaSpec): PlannerPolicy {
  const models = pools.map((pool) => new EngineModel(pool, spec.regression));
  const bounds: LoadBounds = {
    ttftNs: spec.ttftMs * NS_PER_MS,
    itlNs: spec.itlMs * NS_PER_MS,
    sensitivity: spec.load?.scaleDownSensitivity ?? 1,
  };
  const demand = spec.throughput === null ? null : new Demand(spec.throughput);
  let lengths: Lengths = { inputTokens: 0, outputTokens: 0, hitRatio: 0 };
  /** By pool: the last throughput answer. */
  let floors: readonly (PoolDecision | null)[] = pools.map(() => null);

  const decidePool = (pool: number, observation: Observation): PoolDecision => {
    const seen = observation.pools[pool];
    const floor = floors[pool];
    const load =
      spec.load === null
        ? { replicas: floor === null ? stayingIn(seen) : 0, reason: 'no forecast yet' }
        : decideByLoad(pools[pool], seen, models[pool], lengths, bounds);
    return floor === null || load.replicas >= floor.replicas ? load : floor;
  };
  const policy = perPool(pools, decidePool);
  return {
    decide(observation) {
      lengths = lengthsOf(observation.traffic, lengths);
      learn(models, observation);
      if (demand?.observe(observation) === true) {
        floors = pools.map((pool, index) =>
          floorOf(pool, stayingIn(observation.pools[index]), models[index], demand, bounds, spec.throughput!.maxChange),
        );
      }
      return policy.decide(observation);
    },
  };
}

/** What was not seen this time stays as it was. */
function lengthsOf(traffic: TrafficObservation, before: Lengths): Lengths {
  return {
    inputTokens: traffic.arrivals > 0 ? traffic.meanInputTokens : before.inputTokens,
    outputTokens: traffic.completed > 0 ? traffic.meanOutputTokens : before.outputTokens,
    hitRatio: traffic.completed > 0 ? traffic.reusedRatio : before.hitRatio,
  };
}

function learn(models: readonly EngineModel[], { pools }: Observation): void {
  for (const [pool, { ready }] of pools.entries()) {
    for (const { running, lastPass, heldTokens } of ready) {
      if (running > 0 && lastPass !== null) models[pool].observe(lastPass, heldTokens);
    }
  }
}

/** Replicas that the demand forecast needs; more if even an empty one is too slow. */
function floorOf(
  { role }: PoolFacts,
  staying: number,
  model: EngineModel,
  demand: Demand,
  { ttftNs, itlNs }: LoadBounds,
  maxChange: number,
): PoolDecision | null {
  const { perS, lengths } = demand.forecast();
  if (!model.isReady || lengths.inputTokens <= 0) return null;
  const capacity = model.capacity(lengths, ttftNs, itlNs);
  const forLatency = role === 'prefill' && capacity.ttftNs > ttftNs ? Math.ceil(capacity.ttftNs / ttftNs) : 1;
  const needed = Math.max(1, forLatency, Math.ceil(perS / capacity.perS));
  const replicas = Math.max(staying - maxChange, Math.min(staying + maxChange, needed));
  return { replicas, reason: `forecast ${perS.toFixed(2)} requests/s at ${capacity.perS.toFixed(2)} a replica` };
}

/** Traffic of whole throughput intervals, and what the next one is forecast to be. */
class Demand {
  readonly #spec: NonNullable<SlaSpec['throughput']>;
  readonly #requests: Forecaster;
  readonly #inputTokens: Forecaster;
  readonly #outputTokens: Forecaster;
  #hitRatio = 0;
  #ticks = 0;
  #sinceNs = 0;
  #spanNs = 1;
  #arrived = 0;
  #arrivedTokens = 0;
  #completed = 0;
  #completedTokens = 0;

  constructor(spec: NonNullable<SlaSpec['throughput']>) {
    this.#spec = spec;
    this.#requests = createForecaster(spec.forecast);
    this.#inputTokens = createForecaster({ ...spec.forecast, marginQuantile: null });
    this.#outputTokens = createForecaster({ ...spec.forecast, marginQuantile: null });
  }

  /** Takes a tick in; returns whether an interval is over. */
  observe({ nowNs, traffic }: Observation): boolean {
    this.#arrived += traffic.arrivals;
    this.#arrivedTokens += traffic.arrivals * traffic.meanInputTokens;
    this.#completed += traffic.completed;
    this.#completedTokens += traffic.completed * traffic.meanOutputTokens;
    if (traffic.completed > 0) this.#hitRatio = traffic.reusedRatio;
    this.#ticks += 1;
    if (this.#ticks % this.#spec.everyTicks !== 0) return false;
    this.#requests.observe(this.#arrived);
    if (this.#arrived > 0) this.#inputTokens.observe(this.#arrivedTokens / this.#arrived);
    if (this.#completed > 0) this.#outputTokens.observe(this.#completedTokens / this.#completed);
    this.#spanNs = nowNs - this.#sinceNs;
    this.#sinceNs = nowNs;
    this.#arrived = 0;
    this.#arrivedTokens = 0;
    this.#completed = 0;
    this.#completedTokens = 0;
    return true;
  }

  forecast(): { readonly perS: number; readonly lengths: Lengths } {
    return {
      perS: (this.#requests.predict() / this.#spanNs) * 1e9,
      lengths: {
        inputTokens: this.#inputTokens.predict(),
        outputTokens: this.#outputTokens.predict(),
        hitRatio: this.#hitRatio,
      },
    };
  }
}
