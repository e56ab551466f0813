import type { PassCost } from './passCost.ts';
import type { PassShape } from './passShape.ts';

/** Attention kernels of a whole pass, all layers, on one attention-DP rank. */
export interface AttentionCost {
  /** Seconds per context token that a rank's decodes attend to, in full layers and in windowed ones. */
  readonly decodePerContextS: number;
  readonly decodePerWindowedS: number;
  /** Whether decode attention's context term is limited by compute rather than by HBM. */
  readonly decodeComputeBound: boolean;
  /** Adds what depends only on how many tokens a rank's decodes compute (> 0; need not be whole). */
  addDecodeBase(cost: PassCost, tokens: number): void;
  /** Adds the prefill chunks of a pass that has at least one; `share` of the shape's sums falls to a rank. */
  addPrefill(cost: PassCost, shape: PassShape, share: number): void;
}
