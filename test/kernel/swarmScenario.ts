import { RandomStream } from '../../src/base/random.ts';
import type { FaultSpec } from '../../src/cluster/faultSpec.ts';
import type { PatienceSpec } from '../../src/cluster/patience.ts';
import type { PlannerSpec } from '../../src/cluster/planner.ts';
import { ROUTER_POLICIES } from '../../src/cluster/router/routerSpec.ts';
import type { PoolSpec, Scenario, TransferSpec } from '../../src/cluster/scenario.ts';
import { createSimulation, simulate } from '../../src/cluster/simulation.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { randomNetwork, randomRouter } from './randomScenario.ts';
import { sglangScenario } from './sglangScenario.ts';
import { withTiers } from './tiersScenario.ts';
import { trtllmScenario } from './trtllmScenario.ts';
import { vllmScenario } from './vllmScenario.ts';

/** A whole deployment with its workload, its faults and its clients, drawn from a seed. */
export function swarmScenario(seed: number): Scenario {
  const random = new RandomStream(seed, 'swarm');
  const one = (of: number): boolean => random.integer(0, of - 1) === 0;
  const draw = [vllmScenario, sglangScenario, trtllmScenario][random.integer(0, 2)];
  const drawn = draw(seed, 'fast');
  const base = { ...drawn, pools: drawn.pools.map(withRoom) };
  const isSglang = base.pools[0].engine.backend === 'sglang';
  const split = !one(3);
  const [first, second = first] = base.pools;
  const pools: readonly PoolSpec[] = split
    ? [
        { ...first, name: 'p', role: 'prefill' },
        { ...second, name: 'd', role: 'decode', replicas: random.integer(1, 3) },
      ]
    : base.pools.map((pool, index) => ({ ...pool, name: `a${index}`, role: 'aggregated' }));
  const started = pools.map((pool) => (one(3) ? { ...pool, startupNs: random.integer(1, 4) * 15_000 } : pool));
  const workers = pools.reduce((sum, { replicas }) => sum + replicas, 0);
  const { network: _network, ...rest } = base;
  const scenario: Scenario = {
    ...rest,
    pools: started,
    router: randomRouter(random, ROUTER_POLICIES[random.integer(0, ROUTER_POLICIES.length - 1)]),
    transfer: split ? transfer(random, isSglang) : null,
    ...(split && !one(3) ? { network: randomNetwork(random) } : {}),
    ...(one(2) ? { maxInFlight: random.integer(2, 12) } : {}),
    ...(one(2) ? { patience: patience(random) } : {}),
  };
  const troubled = one(4) ? scenario : { ...scenario, faults: faults(random, workers, scenario.network !== undefined) };
  const migrates = new RandomStream(seed, 'swarm migration').integer(0, 1) === 0;
  const kept =
    troubled.faults === undefined
      ? troubled
      : { ...troubled, faults: { ...troubled.faults, ...(migrates ? { migrates } : {}), ...spells(seed, scenario) } };
  const tiered = one(2) ? withTiers(kept, seed) : kept;
  const shedding = one(4) ? { ...tiered, maxKvUsage: random.integer(1, 9) / 10 } : tiered;
  return one(3) ? { ...shedding, pools: shedding.pools.map(withStartup), planner: planner(seed, shedding) } : shedding;
}

function withStartup(pool: PoolSpec): PoolSpec {
  return { ...pool, startup: { provisioningNs: 20_000, loadNs: 5_000, warmupNs: 2_500, warmReplicas: 0 } };
}

/** Wants whatever comes into its head. */
function planner(seed: number, { pools }: Scenario): PlannerSpec {
  const random = new RandomStream(seed, 'swarm planner');
  const gpus = pools.reduce((sum, { replicas, gpusPerReplica }) => sum + replicas * gpusPerReplica, 0);
  return {
    intervalNs: random.integer(1, 6) * 9_001,
    maxGpus: gpus + random.integer(0, 5),
    minReplicas: pools.map(() => 1),
    createPolicy: () => {
      const wishes = new RandomStream(seed, 'swarm wishes');
      return { decide: () => ({ replicas: pools.map(() => wishes.integer(0, 4)), reason: 'a whim' }) };
    },
  };
}

/** A pool of one page is no scenario. */
function withRoom(pool: PoolSpec): PoolSpec {
  return { ...pool, engine: { ...pool.engine, blocks: Math.max(2, pool.engine.blocks) } };
}

function transfer(random: RandomStream, isSglang: boolean): TransferSpec {
  const one = (of: number): boolean => random.integer(0, of - 1) === 0;
  const isDestinationFirst = !one(3);
  return {
    bandwidthBytesPerS: one(4) ? Number.POSITIVE_INFINITY : 2e6,
    latencyNs: random.integer(0, 1) * 700,
    kvBytesPerToken: 3,
    ...(isDestinationFirst ? { order: 'destination_first' } : {}),
    ...(isDestinationFirst && one(2) ? { streamedShare: random.integer(1, 9) / 10 } : {}),
    ...(!isSglang && one(2) ? { local: { maxTokens: random.integer(0, 20), maxQueue: random.integer(0, 8) } } : {}),
    ...(one(2) ? { timeoutNs: random.integer(2_000, 90_000) } : {}),
    ...(one(2) ? { reshard: [[0, random.integer(1, 20)]] } : {}),
  };
}

function patience(random: RandomStream): PatienceSpec {
  const one = (of: number): boolean => random.integer(0, of - 1) === 0;
  return {
    ...(one(2) ? { firstTokenNs: random.integer(5_000, 150_000) } : {}),
    ...(one(2) ? { wholeNs: random.integer(20_000, 800_000) } : {}),
    ...(one(2) ? { abandoned: { share: 0.15, meanNs: 60_000 } } : {}),
  };
}

function faults(random: RandomStream, workers: number, hasNetwork: boolean): FaultSpec {
  const one = (of: number): boolean => random.integer(0, of - 1) === 0;
  const worker = (): number => random.integer(0, workers - 1);
  const span = () => {
    const atNs = random.integer(0, 8) * 25_000;
    return { atNs, untilNs: one(2) ? Number.POSITIVE_INFINITY : atNs + random.integer(1, 150_000) };
  };
  const nodesOf = Array.from({ length: workers }, (_, index) => [
    Math.floor(index / 2),
    ...(index % 3 === 2 ? [workers] : []),
  ]);
  return {
    crashes: Array.from({ length: one(2) ? 0 : random.integer(1, 3) }, () => ({
      worker: worker(),
      atNs: random.integer(0, 250_000),
      downNs: random.integer(1, 80_000),
    })),
    ...(one(2) ? { random: { meanUpNs: 500_000, downNs: 30_000, ...(one(2) ? { nodesOf } : {}) } } : {}),
    stragglers: one(2) ? [{ worker: worker(), factor: random.integer(11, 30) / 10, ...span() }] : [],
    ...(hasNetwork && !one(3)
      ? { slowLinks: [{ of: { worker: worker() }, factor: random.integer(1, 9) / 10, ...span() }] }
      : {}),
    retries: random.integer(0, 3),
  };
}

/** Slow spells that come by chance. */
function spells(seed: number, { network }: Scenario): Partial<FaultSpec> {
  const random = new RandomStream(seed, 'swarm spells');
  const spell = () => ({ meanUpNs: random.integer(20_000, 300_000), lengthNs: random.integer(1, 90_000) });
  return {
    ...(random.integer(0, 2) === 0 ? { randomStragglers: { ...spell(), factor: random.integer(11, 30) / 10 } } : {}),
    ...(network !== undefined && random.integer(0, 1) === 0
      ? {
          randomSlowLinks: {
            ...spell(),
            factor: random.integer(1, 9) / 10,
            of: random.integer(0, 1) === 0 ? ('node' as const) : ('worker' as const),
          },
        }
      : {}),
  };
}

/** What a scenario has of everything there is. */
export const FEATURES: Readonly<Record<string, (scenario: Scenario) => boolean>> = {
  vLLM: ({ pools }) => pools[0].engine.backend === 'vllm',
  SGLang: ({ pools }) => pools[0].engine.backend === 'sglang',
  'TensorRT-LLM': ({ pools }) => pools[0].engine.backend === 'trtllm',
  'prefill and decode pools': ({ transfer }) => transfer !== null,
  'destination first': ({ transfer }) => transfer?.order !== undefined,
  streaming: ({ transfer }) => transfer?.streamedShare !== undefined,
  'local prefill': ({ transfer }) => transfer?.local !== undefined,
  resharding: ({ transfer }) => transfer?.reshard !== undefined,
  'hand-over time-out': ({ transfer }) => transfer?.timeoutNs !== undefined,
  network: ({ network }) => network !== undefined,
  'slow links': ({ faults }) => faults?.slowLinks !== undefined,
  crashes: ({ faults }) => (faults?.crashes.length ?? 0) > 0,
  'random crashes': ({ faults }) => faults?.random !== undefined,
  'node crashes': ({ faults }) => faults?.random?.nodesOf !== undefined,
  migration: ({ faults }) => faults?.migrates === true && (faults.crashes.length > 0 || faults.random !== undefined),
  stragglers: ({ faults }) => (faults?.stragglers.length ?? 0) > 0,
  'stragglers by chance': ({ faults }) => faults?.randomStragglers !== undefined,
  'slow links by chance': ({ faults }) => faults?.randomSlowLinks !== undefined,
  'start-up': ({ pools }) => pools.some(({ startupNs }) => startupNs !== undefined),
  'impatient clients': ({ patience }) => patience !== undefined,
  shedding: ({ maxInFlight }) => maxInFlight !== undefined,
  'shedding by KV in use': ({ maxKvUsage }) => maxKvUsage !== undefined,
  speculation: ({ pools }) => pools.some(({ engine }) => engine.speculation !== null),
  pipelines: ({ pools }) => pools.some(({ engine }) => engine.pipelineStages > 1),
  planner: (scenario) => scenario.planner !== undefined,
  tiers: ({ pools }) => pools.some(({ engine }) => engine.tiers !== undefined),
  'KV router': ({ router }) => router.policy === 'kv_router',
  'session affinity': ({ router }) => router.affinity !== undefined,
  'stale reports': ({ router }) => router.reportIntervalNs !== undefined,
  'closed loop': ({ load }) => load.kind === 'closed',
  sessions: ({ workload }) => workload.isFollowUp.includes(1),
};

/** At every event of every hundredth scenario, else at the end. Returns the first breach of a law, or null. */
export function swarmBreach(seed: number, change = (scenario: Scenario): Scenario => scenario): string | null {
  try {
    const scenario = change(swarmScenario(seed));
    if (seed % 100 !== 0) return checkLaws(simulate(scenario), scenario.workload)[0] ?? null;
    const simulation = createSimulation(scenario);
    for (let done = false; !done; ) {
      done = simulation.advance(1);
      const [breach] = checkLaws(simulation.result(), scenario.workload);
      if (breach !== undefined) return `at ${simulation.status().timeNs} ns: ${breach}`;
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
