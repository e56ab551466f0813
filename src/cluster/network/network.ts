import type { PoolSpec } from '../scenario.ts';
import type { NetworkUse } from '../simulationResult.ts';
import { Fluid } from './fluid.ts';
import type { NetworkSpec } from './networkSpec.ts';
import { Topology } from './topology.ts';

/** The network between the replicas: every transfer shares its links with all others. */
export class Network {
  readonly #topology: Topology;
  readonly #fluid = new Fluid();
  #transfers = 0;

  constructor(spec: NetworkSpec) {
    this.#topology = new Topology(spec);
  }

  /** The next replica of the fleet gets its place. */
  place(pool: PoolSpec, replica: number): void {
    this.#topology.place(pool, replica);
  }

  /** When the last byte of the next transfer to end has left, and the request it is for. */
  get nextNs(): number {
    return this.#fluid.nextNs;
  }

  get nextRequest(): number {
    return this.#fluid.nextId;
  }

  /** Begins a request's transfer between two workers, alone no faster than `limitBytesPerS`. */
  begin(request: number, bytes: number, from: number, to: number, limitBytesPerS: number, nowNs: number): void {
    this.#transfers += 1;
    this.#fluid.begin(request, bytes, this.#topology.path(from, to), limitBytesPerS, nowNs);
  }

  end(request: number, nowNs: number): void {
    this.#fluid.end(request, nowNs);
  }

  use(): NetworkUse {
    return {
      transfers: this.#transfers,
      links: this.#topology.links
        .filter(({ bytes }) => bytes > 0)
        .map(({ name, bytesPerS, bytes, busyNs }) => ({ name, bytesPerS, bytes, busyNs })),
    };
  }
}
