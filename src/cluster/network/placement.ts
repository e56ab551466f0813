/** Replicas of the same size. */
export interface SizedPool {
  readonly replicas: number;
  readonly gpusPerReplica: number;
}

/** Where a replica sits: its first GPU, of all there are, and that one's node. */
export interface Place {
  readonly gpu: number;
  readonly node: number;
}

/**
 * Replicas on nodes, in the order of the fleet: each goes to the last node begun if that has room, else to a new one; one
 * larger than a node takes whole nodes.
 */
export function placeReplicas(pools: readonly SizedPool[], gpusPerNode: number): Place[] {
  const places: Place[] = [];
  let gpu = 0;
  for (const { replicas, gpusPerReplica } of pools) {
    for (let replica = 0; replica < replicas; replica++) {
      const left = gpusPerNode - (gpu % gpusPerNode);
      if (gpusPerReplica > left && left < gpusPerNode) gpu += left;
      places.push({ gpu, node: Math.floor(gpu / gpusPerNode) });
      gpu += gpusPerReplica > gpusPerNode ? Math.ceil(gpusPerReplica / gpusPerNode) * gpusPerNode : gpusPerReplica;
    }
  }
  return places;
}
