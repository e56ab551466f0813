import type { PassCost } from './passCost.ts';
import type { PassShape } from './passShape.ts';

/** Attention kernels of a whole pass, all layers, on one attention-DP rank that holds 1/D of the sums it is given. */
export interface AttentionCost {
  /** Seconds per context token that decodes attend to, in full layers and in windowed ones. */
  readonly decodePerContextS: number;
  readonly decodePerWindowedS: number;
  /** Whether decode attention's context term is limited by compute rather than by HBM. */
  readonly decodeComputeBound: boolean;
  /** Adds what depends only on how many sequences decode (>= 1). */
  addDecodeBase(cost: PassCost, sequences: number): void;
  /** Adds the prefill chunks of a pass that has at least one. */
  addPrefill(cost: PassCost, shape: PassShape): void;
}
