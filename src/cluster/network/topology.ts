import type { PoolSpec } from '../scenario.ts';
import { type Link, linkOf } from './fluid.ts';
import type { NetworkSpec } from './networkSpec.ts';
import { type Place, Placement } from './placement.ts';

/** Where a replica sits, and its own ways out and in. */
interface Site {
  readonly domain: number;
  readonly leaf: number;
  readonly scaleUp: Duplex;
  readonly nics: Duplex;
  readonly node: Duplex;
}

interface Duplex {
  readonly out: Link;
  readonly in: Link;
}

/**
 * Replicas on their nodes and what joins them. A transfer between two replicas of one NVLink domain goes from the GPUs of one to those
 * of the other; any other over the NICs next to its GPUs, those of the node together, and the leaves' ways up and down.
 */
export class Topology {
  readonly links: Link[] = [];
  readonly #sites: Site[] = [];
  readonly #nodes = new Map<number, Duplex>();
  readonly #leaves = new Map<number, Duplex>();
  readonly #spec: NetworkSpec;
  readonly #placement: Placement;

  constructor(spec: NetworkSpec) {
    this.#spec = spec;
    this.#placement = new Placement(spec.gpusPerNode);
  }

  /** The next replica of the fleet gets its place; returns its number in the fleet, and the node it begins on. */
  place({ name, gpusPerReplica }: PoolSpec, replica: number): { readonly worker: number; readonly node: number } {
    const place = this.#placement.next(gpusPerReplica);
    this.#sites.push(this.#siteAt(place, gpusPerReplica, `${name}/${replica}`));
    return { worker: this.#sites.length - 1, node: place.node };
  }

  /** The links between two replicas, by their numbers in the fleet. */
  path(from: number, to: number): Link[] {
    const source = this.#sites[from];
    const target = this.#sites[to];
    if (source.domain >= 0 && source.domain === target.domain) return [source.scaleUp.out, target.scaleUp.in];
    const edges = [source.nics.out, source.node.out, target.node.in, target.nics.in];
    if (source.leaf === target.leaf) return edges;
    return [...edges, this.#leaf(source.leaf).out, this.#leaf(target.leaf).in];
  }

  /** A replica's own links, by its number in the fleet. */
  linksOfReplica(replica: number): Link[] {
    const { scaleUp, nics } = this.#sites[replica];
    return [scaleUp.out, scaleUp.in, nics.out, nics.in];
  }

  /** What joins a node to the others, if anything sits on it. */
  linksOfNode(node: number): Link[] {
    const links = this.#nodes.get(node);
    return links === undefined ? [] : [links.out, links.in];
  }

  #siteAt({ gpu, node, nodes }: Place, gpus: number, name: string): Site {
    const { gpusPerNode, scaleUpGpus, scaleUpBytesPerS, nicsPerNode, nicBytesPerS, nodesPerLeaf } = this.#spec;
    const domain = Math.floor(gpu / scaleUpGpus);
    const isInside = scaleUpGpus > 1 && Math.floor((gpu + gpus - 1) / scaleUpGpus) === domain;
    // A replica of several nodes has them to itself: they are one.
    const whole = this.#nodes.get(node) ?? this.#duplex(`NICs of node ${node}`, nodes * nicsPerNode * nicBytesPerS);
    for (let index = 0; index < nodes; index++) this.#nodes.set(node + index, whole);
    return {
      domain: isInside ? domain : -1,
      leaf: nodesPerLeaf === Number.POSITIVE_INFINITY ? 0 : Math.floor(node / nodesPerLeaf),
      scaleUp: this.#duplex(`NVLink of ${name}`, gpus * scaleUpBytesPerS),
      nics: this.#duplex(`NICs of ${name}`, Math.ceil((gpus * nicsPerNode) / gpusPerNode) * nicBytesPerS),
      node: whole,
    };
  }

  #leaf(leaf: number): Duplex {
    const { nodesPerLeaf, nicsPerNode, nicBytesPerS, oversubscription } = this.#spec;
    const known = this.#leaves.get(leaf);
    if (known !== undefined) return known;
    const made = this.#duplex(`leaf ${leaf}`, (nodesPerLeaf * nicsPerNode * nicBytesPerS) / oversubscription);
    this.#leaves.set(leaf, made);
    return made;
  }

  #duplex(name: string, bytesPerS: number): Duplex {
    const pair = { out: linkOf(`${name}, out`, bytesPerS), in: linkOf(`${name}, in`, bytesPerS) };
    this.links.push(pair.out, pair.in);
    return pair;
  }
}
