/** Nodes and what joins them. Rates are bytes a second and direction; Infinity = never in the way. */
export interface NetworkSpec {
  readonly gpusPerNode: number;
  /** GPUs that NVLink joins: those of a node, or of several; 1 = there is none. */
  readonly scaleUpGpus: number;
  /** Of one GPU. */
  readonly scaleUpBytesPerS: number;
  readonly nicsPerNode: number;
  readonly nicBytesPerS: number;
  /** Nodes under one leaf switch; Infinity = all. */
  readonly nodesPerLeaf: number;
  /** Bandwidth of a leaf's nodes over that of its way up; 1 = the fabric never blocks. */
  readonly oversubscription: number;
}
