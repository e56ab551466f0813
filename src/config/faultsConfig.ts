import { NS_PER_S } from '../base/units.ts';
import type { FaultSpec, SlowLinks } from '../cluster/faultSpec.ts';
import { isOn, nodesOf, type Place, placeReplicas, type SizedPool } from '../cluster/network/placement.ts';
import type { SpellSpec } from '../cluster/spells.ts';
import type { FaultDomain, LossPolicy } from './knobs/faultKnobs.ts';
import { knobDefault } from './knobs.ts';
import { gpusPerNode, type NetworkConfig } from './networkConfig.ts';
import type { Problems } from './problems.ts';

/** One replica of a pool, or all replicas of a node. */
type Target = { readonly pool: string; readonly replica: number } | { readonly node: number };

/** Slow spells that come by chance. */
interface SpellConfig {
  readonly mean_up_seconds: number;
  readonly for_seconds: number;
  readonly factor: number;
}

/** The `faults` section. */
export interface FaultsConfig {
  readonly policy: LossPolicy;
  /** Unless the policy is to fail. */
  readonly max_retries?: number;
  /** down_seconds null = it stays down. */
  readonly crashes: readonly (Target & { readonly at_seconds: number; readonly down_seconds: number | null })[];
  readonly random_crashes: {
    readonly of: FaultDomain;
    readonly mean_up_seconds: number;
    readonly down_seconds: number;
  } | null;
  readonly stragglers: readonly (Target & {
    readonly factor: number;
    readonly at_seconds: number;
    readonly for_seconds: number | null;
  })[];
  readonly random_stragglers?: SpellConfig;
  /** Only with a network. */
  readonly random_slow_links?: SpellConfig & { readonly of: FaultDomain };
  /** Only with a network; for_seconds null = to the end. */
  readonly slow_links?: readonly (Target & {
    readonly factor: number;
    readonly at_seconds: number;
    readonly for_seconds: number | null;
  })[];
}

/** A pool of the fleet. */
interface NamedPool extends SizedPool {
  readonly name: string;
}

type Pool = {
  readonly name: string;
  readonly parallelism: { replicas: number; tensor: number; pipeline: number; attention_data: number };
};
type Workers = { aggregated?: readonly Pool[]; prefill?: readonly Pool[]; decode?: readonly Pool[] };

type GivenTarget = { pool?: string | undefined; replica?: number | undefined; node?: number | undefined };

/** The section as written. */
interface Given {
  policy?: LossPolicy | undefined;
  max_retries?: number | undefined;
  crashes?: (GivenTarget & { at_seconds: number; down_seconds?: number | null | undefined })[] | undefined;
  random_crashes?: { of?: FaultDomain | undefined; mean_up_seconds: number; down_seconds: number } | null | undefined;
  stragglers?:
    | (GivenTarget & { factor: number; at_seconds?: number | undefined; for_seconds?: number | null | undefined })[]
    | undefined;
  random_stragglers?: SpellConfig | null | undefined;
  random_slow_links?: (SpellConfig & { of?: FaultDomain | undefined }) | null | undefined;
  slow_links?:
    | (GivenTarget & { factor: number; at_seconds: number; for_seconds?: number | null | undefined })[]
    | undefined;
}

/** Fills in defaults, and notes targets that the deployment does not have. */
export function resolveFaults(
  given: Given,
  workers: Workers,
  network: NetworkConfig | null,
  problems: Problems,
): FaultsConfig {
  const pools = fleetOf(workers);
  const policy = given.policy ?? knobDefault<LossPolicy>('faults.policy');
  if (policy === 'fail' && given.max_retries !== undefined) {
    problems.add(
      ['faults', 'max_retries'],
      'nothing is retried',
      'remove it, or set faults.policy to retry or migrate',
    );
  }
  const last = placeReplicas(pools, gpusPerNode(network)).at(-1)!;
  const nodes = last.node + last.nodes;
  for (const list of ['slow_links', 'random_slow_links'] as const) {
    if (given[list] == null || network !== null) continue;
    problems.add(['faults', list], 'there are no links to be slow', 'add a network section: network: {}');
  }
  const targeted = <T extends GivenTarget>(list: 'crashes' | 'stragglers' | 'slow_links', entries: readonly T[]) =>
    entries.map(({ pool, replica, node, ...rest }, index) => {
      checkTarget({ pool, replica, node }, ['faults', list, index], pools, nodes, problems);
      return { ...(node === undefined ? { pool: pool!, replica: replica ?? 0 } : { node }), ...rest };
    });
  const { random_crashes: random, random_stragglers: spells, random_slow_links: slowSpells } = given;
  return {
    policy,
    ...(policy !== 'fail' ? { max_retries: given.max_retries ?? knobDefault<number>('faults.max_retries') } : {}),
    crashes: targeted('crashes', given.crashes ?? []).map((crash) => ({
      ...crash,
      down_seconds: crash.down_seconds ?? null,
    })),
    random_crashes:
      random == null ? null : { ...random, of: random.of ?? knobDefault<FaultDomain>('faults.random_crashes.of') },
    stragglers: targeted('stragglers', given.stragglers ?? []).map((straggler) => ({
      ...straggler,
      at_seconds: straggler.at_seconds ?? 0,
      for_seconds: straggler.for_seconds ?? null,
    })),
    ...(spells == null ? {} : { random_stragglers: spells }),
    ...(slowSpells == null
      ? {}
      : {
          random_slow_links: {
            ...slowSpells,
            of: slowSpells.of ?? knobDefault<FaultDomain>('faults.random_slow_links.of'),
          },
        }),
    ...(given.slow_links === undefined
      ? {}
      : {
          slow_links: targeted('slow_links', given.slow_links).map((slow) => ({
            ...slow,
            for_seconds: slow.for_seconds ?? null,
          })),
        }),
  };
}

/** The pools in the order of the fleet. */
function fleetOf({ aggregated = [], prefill = [], decode = [] }: Workers): NamedPool[] {
  return [...aggregated, ...prefill, ...decode].map(({ name, parallelism }) => ({
    name,
    replicas: parallelism.replicas,
    gpusPerReplica: parallelism.tensor * parallelism.pipeline * parallelism.attention_data,
  }));
}

function checkTarget(
  { pool, replica, node }: GivenTarget,
  path: readonly (string | number)[],
  pools: readonly NamedPool[],
  nodes: number,
  problems: Problems,
): void {
  if (node !== undefined) {
    if (pool !== undefined || replica !== undefined) problems.add(path, 'names both a node and a replica', 'keep one');
    else if (node >= nodes) problems.add([...path, 'node'], `must be less than the ${nodes} nodes, got ${node}`);
    return;
  }
  if (pool === undefined) {
    problems.add(path, 'names nobody', 'pool and replica, or node');
    return;
  }
  const named = pools.find(({ name }) => name === pool);
  if (named === undefined) {
    problems.add(
      [...path, 'pool'],
      `no pool is called "${pool}"`,
      `pools: ${pools.map(({ name }) => name).join(', ')}`,
    );
  } else if (replica === undefined && named.replicas > 1) {
    problems.add(path, `pool ${pool} has ${named.replicas} replicas`, 'say which: replica: 0');
  } else if ((replica ?? 0) >= named.replicas) {
    problems.add([...path, 'replica'], `must be less than the ${named.replicas} of pool ${pool}, got ${replica}`);
  }
}

/** The section as the cluster reads it, workers numbered through. */
export function faultSpecOf(
  faults: FaultsConfig,
  pools: readonly NamedPool[],
  network: NetworkConfig | null,
): FaultSpec {
  const places = placeReplicas(pools, gpusPerNode(network));
  const { random_crashes: random, random_stragglers: spells, random_slow_links: slowSpells } = faults;
  return {
    crashes: faults.crashes.flatMap((crash) =>
      workersOf(crash, pools, places).map((worker) => ({
        worker,
        atNs: Math.round(crash.at_seconds * NS_PER_S),
        downNs: crash.down_seconds === null ? Number.POSITIVE_INFINITY : Math.round(crash.down_seconds * NS_PER_S),
      })),
    ),
    ...(random === null
      ? {}
      : {
          random: {
            meanUpNs: random.mean_up_seconds * NS_PER_S,
            downNs: Math.round(random.down_seconds * NS_PER_S),
            ...(random.of === 'node' ? { nodesOf: places.map(nodesOf) } : {}),
          },
        }),
    stragglers: faults.stragglers.flatMap((straggler) =>
      workersOf(straggler, pools, places).map((worker) => ({ worker, factor: straggler.factor, ...spanOf(straggler) })),
    ),
    ...(faults.slow_links === undefined
      ? {}
      : { slowLinks: faults.slow_links.flatMap((slow) => slowLinksOf(slow, pools, places)) }),
    ...(spells === undefined ? {} : { randomStragglers: spellSpecOf(spells) }),
    ...(slowSpells === undefined ? {} : { randomSlowLinks: { ...spellSpecOf(slowSpells), of: slowSpells.of } }),
    retries: faults.max_retries ?? 0,
    ...(faults.policy === 'migrate' ? { migrates: true } : {}),
  };
}

function spellSpecOf({ mean_up_seconds, for_seconds, factor }: SpellConfig): SpellSpec {
  return { meanUpNs: mean_up_seconds * NS_PER_S, lengthNs: Math.round(for_seconds * NS_PER_S), factor };
}

function slowLinksOf(
  slow: NonNullable<FaultsConfig['slow_links']>[number],
  pools: readonly NamedPool[],
  places: readonly Place[],
): SlowLinks[] {
  const { factor } = slow;
  if ('node' in slow) return [{ of: { node: slow.node }, factor, ...spanOf(slow) }];
  return workersOf(slow, pools, places).map((worker) => ({ of: { worker }, factor, ...spanOf(slow) }));
}

function spanOf({ at_seconds, for_seconds }: { at_seconds: number; for_seconds: number | null }) {
  const atNs = Math.round(at_seconds * NS_PER_S);
  return { atNs, untilNs: for_seconds === null ? Number.POSITIVE_INFINITY : atNs + Math.round(for_seconds * NS_PER_S) };
}

/** Numbers in the fleet. */
function workersOf(target: Target, pools: readonly NamedPool[], places: readonly Place[]): number[] {
  if ('node' in target) return [...places.keys()].filter((worker) => isOn(places[worker], target.node));
  const at = pools.findIndex(({ name }) => name === target.pool);
  return [pools.slice(0, at).reduce((sum, { replicas }) => sum + replicas, target.replica)];
}
