import type { WeightDtype } from '../catalog/model.ts';

/**
 * The roofline's universal constants: the same for every model, GPU and engine. They were set by hand from medians of
 * kernel-level fits to the public kernel tables of NVIDIA AIConfigurator 0.11 (commit 095f58a), before any end-to-end
 * measurement was looked at. Times in seconds, rates as a share of the GPU's peak.
 */

/** Dense matrix product of m x k by k x n. */
export const GEMM = {
  computeEfficiency: 0.62,
  hbmEfficiency: 0.78,
  launchS: 4e-6,
  /** Rows at which a small product runs at half its compute rate. */
  halfRateRows: 20,
  /** Bytes of weights at which a small product reads at half its memory rate. */
  halfRateWeightBytes: 0.1e6,
  /** Exponent of the smooth maximum of the compute and memory arms. */
  sharpness: 2,
} as const;

/**
 * What products of a format reach of the compute rate above: medians of the same kernel tables by format (bf16 0.70 to 0.86
 * of its peak, fp8 0.45 to 0.7, block-scaled and 4-bit ones less: scales are applied between tiles).
 */
export const FORMAT_REACH: Readonly<Record<WeightDtype, number>> = {
  bf16: 1.2,
  fp8: 0.95,
  fp8_block: 0.75,
  int8: 0.95,
  int4: 1.2,
  mxfp4: 0.75,
  nvfp4: 0.65,
};

/** Grouped product of the routed experts (gate, up and down together). */
export const MOE = {
  computeEfficiency: 0.3,
  hbmEfficiency: 0.75,
  launchS: 25e-6,
  /** Bytes moved per (token, expert) pair and hidden unit: gathered by expert, quantized, and summed up again. */
  bytesPerPairUnit: 6,
  /** Tile rows an active expert is padded to, and the share of that padding that costs time. */
  tileRows: 64,
  paddingShare: 0.3,
  sharpness: 1.6,
} as const;

/** Grouped-query attention kernels of one layer. */
export const GQA = {
  prefill: { launchS: 12e-6, computeEfficiency: 0.55, hbmEfficiency: 0.5, halfRateContext: 50 },
  decode: { launchS: 9e-6, hbmEfficiency: 0.75, queryHbmEfficiency: 0.1 },
} as const;

/** Multi-head latent attention kernels of one layer; decode runs on the compressed KV with absorbed projections. */
export const MLA = {
  prefill: { launchS: 20e-6, computeEfficiency: 0.6, hbmEfficiency: 0.3, halfRateContext: 20 },
  decode: { launchS: 11e-6, computeEfficiency: 0.6, hbmEfficiency: 0.75, sharpness: 3, minHeads: 16 },
  /** The two batched products around absorbed decode. */
  absorbed: { launchS: 6e-6 },
} as const;

/** Indexer of sparse latent attention: reads its keys and scores them in fp8; a top-k over the context comes on top. */
export const INDEXER = { launchS: 15e-6, computeEfficiency: 0.4, hbmEfficiency: 0.5 } as const;

/** Gated DeltaNet layers: convolution, gates, recurrence and gated norm. Set by hand, like the rest. */
export const LINEAR = {
  decodeLaunchS: 12e-6,
  prefillLaunchS: 40e-6,
  hbmEfficiency: 0.7,
  computeEfficiency: 0.15,
} as const;

/**
 * Collectives. All-reduce inside a CUDA graph takes 6, 7 and 9 us at 2, 4 and 8 GPUs over NVLink: `launchS + n *
 * perGpuS`. Over PCIe NCCL takes 6, 13 and 25 us and reaches 0.4 of the link (RTX PRO 6000, NCCL 2.29.2, same tables).
 * The network's latency is general knowledge (NCCL between nodes, 15 to 25 us).
 */
export const COLLECTIVES = {
  nvlink: { launchS: 5e-6, perGpuS: 0.5e-6, efficiency: 0.6 },
  pcie: { launchS: 0, perGpuS: 3e-6, efficiency: 0.4 },
  network: { launchS: 20e-6, perGpuS: 0.5e-6, efficiency: 0.6 },
  /** All-gather and reduce-scatter of attention data parallelism reach this much more of the link than an all-reduce. */
  gatherLaunchS: 12e-6,
  gatherGain: 0.65 / 0.6,
  /** GPUs of one machine that talk over PCIe when there is no scale-up link. */
  pcieDomain: 8,
} as const;

/** Norms, activations, residuals, quantisation: kernels of a layer, three of which are fused into one on average. */
export const ELEMENTWISE = {
  kernelsGqa: 9,
  kernelsMla: 12,
  fusion: 3,
  launchS: 2.5e-6,
  /** Bytes moved per token and hidden unit. */
  bytesPerUnit: 6,
  hbmEfficiency: 0.6,
} as const;

/** What end-to-end measurements correct: multipliers of each family of operators, and host overheads. */
export interface RooflineScales {
  /** Multiplies matrix products, launch included. */
  readonly gemm: number;
  readonly moe: number;
  readonly attention: number;
  /** Multiplies the start of a collective, and the time its bytes take. */
  readonly collectives: number;
  readonly collectiveBytes: number;
  /** Multiplies the launches of elementwise kernels, and the time their bytes take. */
  readonly elementwise: number;
  readonly elementwiseBytes: number;
  /** Multiplies the compute arm of dense matrix products and prefill attention, and that of experts. */
  readonly compute: number;
  readonly moeCompute: number;
  /** Multiplies matrix products and experts in a weight format; absent = 1. */
  readonly formats: Readonly<Partial<Record<WeightDtype, number>>>;
  readonly perLayerS: number;
  readonly perStepS: number;
}
