import type { Backend } from '../catalog/engineProfile.ts';
import type { ReplicaSpec } from './replica.ts';

/** What the CPU beside the GPUs adds to a pass, compiled from backend, machine and launch recipe. Times in seconds. */
export interface HostProfile {
  /**
   * Launching every kernel of a pass from Python: a floor under passes that replay no captured graph (all with prompt
   * tokens, and decodes that no graph was captured for).
   */
  readonly eagerFloorS: number;
  /** Added to every pass: scheduling, input preparation and sampling that the GPU waits for. */
  readonly stepS: number;
  readonly perSequenceS: number;
  /** Batch sizes of one rank that graphs were captured for, ascending; a batch is padded to the next. null = all, unpadded. */
  readonly decodeGraphs: readonly number[] | null;
  /** Passes with prompt tokens replay graphs piece by piece up to so many tokens of one rank; 0 = never. */
  readonly prefillGraphTokens: number;
}

/** A host that costs nothing. */
export const IDEAL_HOST: HostProfile = {
  eagerFloorS: 0,
  stepS: 0,
  perSequenceS: 0,
  decodeGraphs: null,
  prefillGraphTokens: 0,
};

/** What is left of the eager floor when pieces between attention calls are graphs. */
export const PIECEWISE_SHARE = 0.1;

/** Numbers behind the profile that measurements correct. */
export interface HostCoefficients {
  /** Host time of one kernel launched from Python, by backend. */
  readonly launchS: Readonly<Record<Backend, number>>;
  /** Hosts of Hopper and older GPUs are slower by this factor. */
  readonly olderHost: number;
  /** What a pass waits for when the next batch is prepared only after the last one's results are known. */
  readonly syncStepS: number;
  readonly syncPerSequenceS: number;
}

/** The part of a launch recipe that the host profile depends on. */
export interface GraphRecipe {
  readonly backend: Backend;
  /** The next batch is prepared while the one before runs. */
  readonly overlap: boolean;
  /** Largest captured decode batch of one rank; null = the backend's default; 0 = graphs are off. */
  readonly maxDecodeGraph: number | null;
  /** Captured sizes stated outright; null = the backend's steps up to the largest. */
  readonly decodeGraphs: readonly number[] | null;
  /** Sequences one rank may run (vLLM captures no more than twice as many). */
  readonly maxSequences: number;
  /** Passes with prompt tokens replay graphs up to so many tokens; null = the backend's default. */
  readonly prefillGraphTokens: number | null;
}

/** Activations of a block-scaled fp8 product are quantized by a kernel of their own (two or three products a layer). */
const FP8_QUANTIZATION_KERNELS = 4;

/**
 * Calls from Python that a layer's eager forward makes, roughly: dense grouped-query attention and feed-forward 15; a
 * router and the fused experts 5 more; latent attention with its projections, norms, absorbed products and cache writes 25
 * more; an indexer 8, a gated linear layer 10 on top. The host's time goes by calls, not by the kernels inside a fused one.
 */
export function kernelsPerLayer({ model, weightDtype }: ReplicaSpec): number {
  const { attention } = model;
  const latent = attention.kind === 'mla' ? 25 + (attention.indexer === null ? 0 : 8) : 0;
  const linear = model.linear === null ? 0 : (40 * model.linear.layers) / model.layers;
  const quantization = weightDtype === 'fp8_block' ? FP8_QUANTIZATION_KERNELS : 0;
  return 15 + latent + linear + quantization + (model.moe === null ? 0 : 5);
}

/** Measured hosts fall in two generations: those sold with Blackwell GPUs (the first with a 4-bit unit), and those before. */
export function isOlderHost({ hardware }: ReplicaSpec): boolean {
  return hardware.tflopsFp4 === null;
}

export function compileHost(spec: ReplicaSpec, recipe: GraphRecipe, coefficients: HostCoefficients): HostProfile {
  const older = isOlderHost(spec) ? coefficients.olderHost : 1;
  const { backend, overlap } = recipe;
  return {
    eagerFloorS: spec.model.layers * kernelsPerLayer(spec) * coefficients.launchS[backend] * older,
    stepS: overlap ? 0 : coefficients.syncStepS * older,
    perSequenceS: overlap ? 0 : coefficients.syncPerSequenceS * older,
    decodeGraphs: recipe.decodeGraphs ?? capturedSizes(recipe),
    prefillGraphTokens: recipe.prefillGraphTokens ?? (backend === 'vllm' ? VLLM_GRAPH_TOKENS : 0),
  };
}

/** vLLM captures piecewise graphs up to this many tokens (`max_cudagraph_capture_size`, config/vllm.py at 017e9f4). */
const VLLM_GRAPH_TOKENS = 512;

/** Captured decode batches, ascending. */
export function capturedSizes(recipe: GraphRecipe): readonly number[] {
  const { backend, maxDecodeGraph, maxSequences } = recipe;
  switch (backend) {
    case 'vllm':
      return sizesUpTo(maxDecodeGraph ?? Math.min(VLLM_GRAPH_TOKENS, 2 * maxSequences), [1, 2, 4], VLLM_STEPS);
    case 'sglang':
      return sizesUpTo(maxDecodeGraph ?? 512, [1, 2, 4, 8, 12], SGLANG_STEPS);
    case 'trtllm':
      return sizesUpTo(maxDecodeGraph ?? 128, [1, 2, 4], TRTLLM_STEPS);
  }
}

/** [from, step] of arithmetic pieces, each up to the start of the next. */
type Steps = readonly (readonly [from: number, step: number])[];
const VLLM_STEPS: Steps = [
  [8, 8],
  [256, 16],
];
const SGLANG_STEPS: Steps = [
  [16, 8],
  [256, 16],
  [512, 32],
];
const TRTLLM_STEPS: Steps = [
  [8, 8],
  [128, 128],
];

function sizesUpTo(largest: number, first: readonly number[], steps: Steps): number[] {
  const sizes = new Set(first.filter((size) => size <= largest));
  for (const [index, [from, step]] of steps.entries()) {
    const end = steps[index + 1]?.[0] ?? Number.POSITIVE_INFINITY;
    for (let size = from; size < end && size <= largest; size += step) sizes.add(size);
  }
  if (largest > 0) sizes.add(largest);
  return [...sizes].sort((a, b) => a - b);
}
