import { RandomStream } from '../../base/random.ts';
import type { RandomSlowLinks, SlowLinks } from '../faultSpec.ts';
import type { PoolSpec } from '../scenario.ts';
import type { NetworkUse } from '../simulationResult.ts';
import { Spells } from '../spells.ts';
import { Degradations } from './degradations.ts';
import { Fluid } from './fluid.ts';
import type { NetworkSpec } from './networkSpec.ts';
import { Topology } from './topology.ts';

/** The network between the replicas: every transfer shares its links with all others. */
export class Network {
  readonly #topology: Topology;
  readonly #fluid = new Fluid();
  readonly #degradations: Degradations;
  readonly #byChance: RandomSlowLinks | null;
  readonly #seed: number;
  /** Nodes that something sits on. */
  readonly #nodes = new Set<number>();
  #transfers = 0;

  /** `byChance`: which links are slow now and then, drawn from `seed`. */
  constructor(spec: NetworkSpec, slowLinks: readonly SlowLinks[], byChance: RandomSlowLinks | null = null, seed = 0) {
    this.#byChance = byChance;
    this.#seed = seed;
    const topology = new Topology(spec);
    this.#topology = topology;
    this.#degradations = new Degradations(slowLinks, (of) =>
      'node' in of ? topology.linksOfNode(of.node) : topology.linksOfReplica(of.worker),
    );
  }

  /** The next replica of the fleet gets its place at `nowNs`. */
  place(pool: PoolSpec, replica: number, nowNs = 0): void {
    const topology = this.#topology;
    const { worker, node } = topology.place(pool, replica);
    const byChance = this.#byChance;
    if (byChance === null || (byChance.of === 'node' && this.#nodes.has(node))) return;
    this.#nodes.add(node);
    const isOfNode = byChance.of === 'node';
    const links = isOfNode ? topology.linksOfNode(node) : topology.linksOfReplica(worker);
    const stream = new RandomStream(this.#seed, isOfNode ? 'slow nodes' : 'slow links', isOfNode ? node : worker);
    this.#degradations.add(links, new Spells(stream, byChance), nowNs);
  }

  /** When the last byte of the next transfer to end has left, or links change under one. */
  get nextNs(): number {
    if (this.#fluid.isIdle) return Number.POSITIVE_INFINITY;
    return Math.min(this.#fluid.nextNs, this.#degradations.nextNs);
  }

  /** The request of that transfer; -1 = links change. */
  get nextRequest(): number {
    return this.#degradations.nextNs <= this.#fluid.nextNs ? -1 : this.#fluid.nextId;
  }

  /** Links have changed by `nowNs`. */
  change(nowNs: number): void {
    this.#degradations.applyUntil(nowNs);
    this.#fluid.share(nowNs);
  }

  /** Begins a request's transfer between two workers, alone no faster than `limitBytesPerS`. */
  begin(request: number, bytes: number, from: number, to: number, limitBytesPerS: number, nowNs: number): void {
    this.#transfers += 1;
    this.#degradations.applyUntil(nowNs);
    this.#fluid.begin(request, bytes, this.#topology.path(from, to), limitBytesPerS, nowNs);
  }

  end(request: number, nowNs: number): void {
    this.#fluid.end(request, nowNs);
  }

  use(nowNs: number): NetworkUse {
    return {
      transfers: this.#transfers,
      links: this.#topology.links
        .filter(({ bytes }) => bytes > 0)
        .map(({ name, bytesPerS, bytes, busyNs, flows, busySinceNs }) => ({
          name,
          bytesPerS,
          bytes,
          busyNs: flows > 0 ? busyNs + nowNs - busySinceNs : busyNs,
        })),
    };
  }
}
