/** Replicas of the same size. */
export interface SizedPool {
  readonly replicas: number;
  readonly gpusPerReplica: number;
}

/** Where a replica sits: its first GPU, of all there are, that one's node, and how many nodes it takes. */
export interface Place {
  readonly gpu: number;
  readonly node: number;
  readonly nodes: number;
}

/**
 * Replicas on nodes, in the order of the fleet: each goes to the last node begun if that has room, else to a new one; one
 * larger than a node takes whole nodes.
 */
export class Placement {
  readonly #gpusPerNode: number;
  /** The first GPU that nobody has. */
  #gpu = 0;

  constructor(gpusPerNode: number) {
    this.#gpusPerNode = gpusPerNode;
  }

  /** Where the next replica goes. */
  next(gpusPerReplica: number): Place {
    const gpusPerNode = this.#gpusPerNode;
    const left = gpusPerNode - (this.#gpu % gpusPerNode);
    if (gpusPerReplica > left && left < gpusPerNode) this.#gpu += left;
    const nodes = Math.ceil(gpusPerReplica / gpusPerNode);
    const place = { gpu: this.#gpu, node: Math.floor(this.#gpu / gpusPerNode), nodes };
    this.#gpu += nodes > 1 ? nodes * gpusPerNode : gpusPerReplica;
    return place;
  }
}

/** Where all replicas of a fleet go. */
export function placeReplicas(pools: readonly SizedPool[], gpusPerNode: number): Place[] {
  const placement = new Placement(gpusPerNode);
  return pools.flatMap(({ replicas, gpusPerReplica }) =>
    Array.from({ length: replicas }, () => placement.next(gpusPerReplica)),
  );
}

/** Whether a replica has GPUs on the node. */
export function isOn({ node: first, nodes }: Place, node: number): boolean {
  return first <= node && node < first + nodes;
}

/** The nodes a replica has GPUs on. */
export function nodesOf({ node, nodes }: Place): number[] {
  return Array.from({ length: nodes }, (_, index) => node + index);
}
