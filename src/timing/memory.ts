import { BYTES_PER_MIB } from '../base/units.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { activationBytesPerGpu } from './activations.ts';
import { kvBytesPerToken, linearStateBytes, windowedKvBytesPerToken } from './kvBytes.ts';
import { gpusPerReplica, type ReplicaSpec } from './replica.ts';
import { largestStage, weightBytesPerGpu } from './replicaWeights.ts';

/** What the user says about the KV cache: a share of the GPU as vLLM counts it, or the cache itself. */
export type KvCapacity =
  /** vLLM `gpu_memory_utilization`, in (0, 1]. */
  | { readonly memoryFraction: number }
  /** KV pages of the whole replica. */
  | { readonly blocks: number }
  /** KV tokens of the whole replica. */
  | { readonly tokens: number }
  /** vLLM `kv_cache_memory_bytes`: per GPU. */
  | { readonly bytes: number };

/** The engine settings memory depends on; counts are those of the whole replica (attention-DP ranks summed). */
export interface MemoryRequest {
  readonly capacity: KvCapacity;
  readonly blockTokens: number;
  readonly maxBatchedTokens: number;
  readonly maxSequences: number;
  readonly contextLength: number;
}

export interface MemoryPlan {
  readonly weightBytesPerGpu: number;
  readonly activationBytesPerGpu: number;
  /** Communication buffers, CUDA context and graphs, and the state of windowed layers. */
  readonly reservedBytesPerGpu: number;
  /** Of the layers that keep every token. */
  readonly kvBytesPerTokenPerGpu: number;
  /** What is left for pages; negative when even the weights do not fit. */
  readonly availableKvBytesPerGpu: number;
  /** Whole replica: pages of one attention-DP rank times ranks. */
  readonly blocks: number;
  /** Whether one request of `contextLength` tokens fits on a rank; always true of a capacity given outright. */
  readonly fits: boolean;
  /** What a GPU lacks for that; 0 when it fits. */
  readonly missingBytesPerGpu: number;
}

/**
 * CUDA hides this much of what nvidia-smi shows: vLLM logs print 79.15 GiB for an H100 of 81559 MiB and for an A100 of
 * 81920 MiB.
 */
const DRIVER_BYTES = 512 * BYTES_PER_MIB;

/**
 * CUDA context, libraries and workspaces (logs of vLLM 0.7 to 0.9 print 0.1 to 0.4 GiB without NCCL) and CUDA graphs (0.5
 * to 1.1 GiB; counted by default since vLLM 0.21). An assumption in that range.
 */
const OTHER_BYTES = 1024 * BYTES_PER_MIB;

/** NCCL's buffers at 2 GPUs and at more (AIConfigurator 095f58a: 342 and 392 MiB). */
const NCCL_PAIR_BYTES = 342 * BYTES_PER_MIB;
const NCCL_GROUP_BYTES = 392 * BYTES_PER_MIB;

/**
 * What a replica's GPUs hold, and the KV pages that leaves, by vLLM's arithmetic: requested = total x fraction, less
 * weights, activations of a full batch and reserves. Windowed layers are not paged: their state is set aside for
 * `maxSequences` sequences of one window plus a page, and one batch in flight, but for no more than their layers' share
 * of the cache (a sequence never needs more pages in a windowed layer than in a full one).
 */
export function planMemory(spec: ReplicaSpec, request: MemoryRequest): MemoryPlan {
  const { capacity, blockTokens, contextLength } = request;
  const ranks = spec.parallelism.attentionData;
  const weights = weightBytesPerGpu(spec);
  const activations = activationBytesPerGpu(spec, request.maxBatchedTokens, request.maxSequences);
  const fixedReserve = OTHER_BYTES + ncclBytes(gpusPerReplica(spec.parallelism));
  const stage = largestStage(spec.model.layers, spec.parallelism.pipeline);
  const perToken = stage * kvBytesPerToken(spec.model, spec.kvDtype, spec.parallelism.tensor);
  const blockBytes = blockTokens * perToken;
  const shared = requestedBytes(spec.hardware, capacity) - weights - activations - fixedReserve;
  const linear = linearReserve(spec, request, stage);
  const windowed = windowedStateBytes(spec, request, shared - linear, perToken, stage) + linear;
  const available = 'bytes' in capacity ? capacity.bytes - windowed : shared - windowed;

  const blocks = blocksOf(capacity, blockTokens, ranks * Math.max(0, Math.floor(available / blockBytes)));
  const blocksPerRequest = Math.ceil(contextLength / blockTokens);
  // One page is vLLM's null block.
  const missing = 'memoryFraction' in capacity ? Math.max(0, (blocksPerRequest + 1) * blockBytes - available) : 0;
  return {
    weightBytesPerGpu: weights,
    activationBytesPerGpu: activations,
    reservedBytesPerGpu: fixedReserve + windowed,
    kvBytesPerTokenPerGpu: perToken,
    availableKvBytesPerGpu: available,
    blocks,
    fits: missing === 0,
    missingBytesPerGpu: missing,
  };
}

/**
 * The smallest tensor parallelism (a power of two, up to 64, that divides the heads and the experts) at which the
 * replica fits, its experts spread as in `spec` (over expert ranks if moeExpert > 1, else over tensor ranks); null when
 * none does.
 */
export function smallestTensorThatFits(spec: ReplicaSpec, request: MemoryRequest): number | null {
  for (let tensor = 1; tensor <= 64; tensor *= 2) {
    const wider = withTensor(spec, tensor);
    if (wider !== null && planMemory(wider, request).fits) return tensor;
  }
  return null;
}

function withTensor(spec: ReplicaSpec, tensor: number): ReplicaSpec | null {
  const { model, parallelism } = spec;
  const group = tensor * parallelism.attentionData;
  const moeExpert = model.moe !== null && parallelism.moeExpert > 1 ? group : 1;
  const moeTensor = model.moe !== null && moeExpert === 1 ? group : 1;
  if (model.attention.heads % tensor !== 0) return null;
  if (model.moe !== null && (model.moe.experts % moeExpert !== 0 || model.moe.expertSize % moeTensor !== 0))
    return null;
  return { ...spec, parallelism: { ...parallelism, tensor, moeTensor, moeExpert } };
}

/** What the engine may use of a GPU; a cache given outright may use all of it. */
function requestedBytes(hardware: HardwareFacts, capacity: KvCapacity): number {
  const total = hardware.memoryMib.value * BYTES_PER_MIB - DRIVER_BYTES;
  return 'memoryFraction' in capacity ? total * capacity.memoryFraction : total;
}

function blocksOf(capacity: KvCapacity, blockTokens: number, fromMemory: number): number {
  if ('blocks' in capacity) return capacity.blocks;
  if ('tokens' in capacity) return Math.floor(capacity.tokens / blockTokens);
  return fromMemory;
}

/** The state of linear layers for every sequence that may run. */
function linearReserve({ model, parallelism }: ReplicaSpec, request: MemoryRequest, stage: number): number {
  return (stage * linearStateBytes(model, parallelism.tensor) * request.maxSequences) / parallelism.attentionData;
}

function windowedStateBytes(
  spec: ReplicaSpec,
  request: MemoryRequest,
  shared: number,
  perToken: number,
  stage: number,
): number {
  const { model, parallelism } = spec;
  const perWindowedToken = stage * windowedKvBytesPerToken(model, spec.kvDtype, parallelism.tensor);
  if (perWindowedToken === 0 || model.attention.kind === 'mla') return 0;
  const window = model.attention.slidingWindow ?? 0;
  const tokens = request.maxSequences * (window + request.blockTokens) + request.maxBatchedTokens;
  const wanted = (tokens / parallelism.attentionData) * perWindowedToken;
  const budget = 'bytes' in request.capacity ? request.capacity.bytes : Math.max(0, shared);
  return Math.min(wanted, (budget * perWindowedToken) / (perWindowedToken + perToken));
}

function ncclBytes(gpus: number): number {
  if (gpus === 1) return 0;
  return gpus === 2 ? NCCL_PAIR_BYTES : NCCL_GROUP_BYTES;
}
