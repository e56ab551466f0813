import { BYTES_PER_MIB } from '../base/units.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { activationBytesPerGpu } from './activations.ts';
import { kvBytesPerToken, linearStateBytes, windowedKvBytesPerToken } from './kvBytes.ts';
import type { KvGroup } from './kvGroup.ts';
import { blocksPerRequest, type KvGroupRequest, kvGroupsOf } from './kvGroups.ts';
import { gpusPerReplica, type ReplicaSpec } from './replica.ts';
import { largestStage, weightBytesPerGpu } from './replicaWeights.ts';

/** What the user says about the KV cache: a share of the GPU as the engine counts it, or the cache itself. */
export type KvCapacity =
  /** In (0, 1]; of what, see `MemoryAccounting`. */
  | { readonly memoryFraction: number }
  /** KV pages of the whole replica. */
  | { readonly blocks: number }
  /** KV tokens of the whole replica. */
  | { readonly tokens: number }
  /** vLLM `kv_cache_memory_bytes`: per GPU. */
  | { readonly bytes: number };

/**
 * How an engine sizes its cache from a share f of the GPU:
 * - `vllm`: total x f, less weights, activations of a full batch and CUDA graphs (017e9f4, v1/worker/gpu_worker.py; before
 *   0.21 graphs are not counted: `vllm_without_graphs`);
 * - `sglang`: what is free before the weights x f, less the weights; activations and graphs live in the rest (5c8bd8b51,
 *   srt/model_executor/model_runner.py);
 * - `trtllm`: what weights and activations leave x f (_torch/pyexecutor/_util.py of the 1.2 era).
 */
export type MemoryAccounting = 'vllm' | 'vllm_without_graphs' | 'sglang' | 'trtllm';

/** The engine settings memory depends on; counts are those of the whole replica (attention-DP ranks summed). */
export interface MemoryRequest {
  readonly accounting: MemoryAccounting;
  readonly capacity: KvCapacity;
  readonly blockTokens: number;
  readonly maxBatchedTokens: number;
  readonly maxSequences: number;
  readonly contextLength: number;
  /** vLLM: windows and states are pages of the same pool as the rest. Others set memory aside for them. */
  readonly groups?: Omit<KvGroupRequest, 'blockTokens' | 'contextLength'>;
  /** What sampling takes at its peak for each entry of the vocabulary of each sequence, on top of a pass; absent = 0. */
  readonly samplerBytes?: number;
}

export interface MemoryPlan {
  readonly weightBytesPerGpu: number;
  readonly activationBytesPerGpu: number;
  /** Communication buffers, CUDA context and graphs, and what is set aside for windows and states. */
  readonly reservedBytesPerGpu: number;
  /** Of the layers that keep every token. */
  readonly kvBytesPerTokenPerGpu: number;
  /** What is left for pages; negative when even the weights do not fit. */
  readonly availableKvBytesPerGpu: number;
  /** Whole replica: pages of one attention-DP rank times ranks. */
  readonly blocks: number;
  /** How the layers share the pages. */
  readonly groups: readonly KvGroup[];
  /** Of one block: a page in each layer of a group. */
  readonly blockBytesPerGpu: number;
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

/** CUDA context, libraries and workspaces: logs of vLLM 0.7 to 0.9 print 0.1 to 0.4 GiB without NCCL. An assumption in that range. */
const CONTEXT_BYTES = 256 * BYTES_PER_MIB;

/** CUDA graphs: 0.5 to 1.1 GiB in the same logs. An assumption in that range. */
const GRAPH_BYTES = 768 * BYTES_PER_MIB;

/** NCCL's buffers at 2 GPUs and at more (AIConfigurator 095f58a: 342 and 392 MiB). */
const NCCL_PAIR_BYTES = 342 * BYTES_PER_MIB;
const NCCL_GROUP_BYTES = 392 * BYTES_PER_MIB;

/**
 * SGLang's communicators and all-reduce buffers: it prints 77.43 GiB free before weights on eight H100 (September 2025) and
 * 78.81 GiB on one, of 79.15.
 */
const SGLANG_GROUP_BYTES = 1413 * BYTES_PER_MIB;

/**
 * What a replica's GPUs hold, and the KV pages that leaves by the engine's own arithmetic. Without
 * `request.groups` windowed layers are not paged: their state is set aside for `maxSequences` sequences of one window plus
 * a page, and one batch in flight, but for no more than their layers' share of the cache (a sequence never needs more
 * pages in a windowed layer than in a full one).
 */
export function planMemory(spec: ReplicaSpec, request: MemoryRequest): MemoryPlan {
  const { capacity } = request;
  const ranks = spec.parallelism.attentionData;
  const weights = weightBytesPerGpu(spec);
  const activations = activationBytesPerGpu(spec, request);
  const context = CONTEXT_BYTES + communicatorBytes(request.accounting, gpusPerReplica(spec.parallelism));
  const stage = largestStage(spec.model.layers, spec.parallelism.pipeline);
  const perToken = stage * kvBytesPerToken(spec.model, spec.kvDtype, spec.parallelism.tensor);
  const shared = cacheBytes(spec.hardware, request, { weights, activations, context });
  const setAside = request.groups === undefined ? setAsideBytes(spec, request, shared, perToken, stage) : 0;
  const available = 'bytes' in capacity ? capacity.bytes - setAside : shared - setAside;
  const { groups, blockBytes, pagesOfRequest } = pagesOf(spec, request, perToken, stage);
  const blocks = blocksOf(capacity, groups[0].blockTokens, ranks * Math.max(0, Math.floor(available / blockBytes)));
  const needed = pagesNeeded(request.accounting, pagesOfRequest) * blockBytes;
  const missing = 'memoryFraction' in capacity ? Math.max(0, needed - available) : 0;
  return {
    weightBytesPerGpu: weights,
    activationBytesPerGpu: activations,
    reservedBytesPerGpu: context + GRAPH_BYTES + setAside,
    kvBytesPerTokenPerGpu: perToken,
    availableKvBytesPerGpu: available,
    blocks,
    groups,
    blockBytesPerGpu: blockBytes,
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

interface Held {
  readonly weights: number;
  readonly activations: number;
  /** CUDA context and communication buffers. */
  readonly context: number;
}

/** What the engine sets aside for the cache of a GPU; a cache given outright may use all of it. */
function cacheBytes(hardware: HardwareFacts, { accounting, capacity }: MemoryRequest, held: Held): number {
  const { weights, activations, context } = held;
  const total = hardware.memoryMib.value * BYTES_PER_MIB - DRIVER_BYTES;
  const fraction = 'memoryFraction' in capacity ? capacity.memoryFraction : 1;
  if (accounting === 'sglang') return (total - context) * fraction - weights;
  if (accounting === 'trtllm') return (total - context - weights - activations) * fraction;
  const graphs = accounting === 'vllm' ? GRAPH_BYTES : 0;
  return total * fraction - weights - activations - context - graphs;
}

/**
 * Pages without which an engine does not start: vLLM wants room for one request of full length beside its null block, TensorRT-LLM
 * for the request; SGLang starts with any cache and refuses what is longer.
 */
function pagesNeeded(accounting: MemoryAccounting, pagesOfRequest: number): number {
  if (accounting === 'sglang') return 1;
  return accounting === 'trtllm' ? pagesOfRequest : pagesOfRequest + 1;
}

function blocksOf(capacity: KvCapacity, blockTokens: number, fromMemory: number): number {
  if ('blocks' in capacity) return capacity.blocks;
  if ('tokens' in capacity) return Math.floor(capacity.tokens / blockTokens);
  return fromMemory;
}

/** Groups, bytes of a block on one GPU, and the blocks that one request of full length needs. */
function pagesOf(spec: ReplicaSpec, request: MemoryRequest, perToken: number, stage: number) {
  const { blockTokens, contextLength, groups: asked } = request;
  if (asked === undefined) {
    const groups: KvGroup[] = [{ kind: 'full', blockTokens, dropsLastHit: false }];
    return { groups, blockBytes: blockTokens * perToken, pagesOfRequest: Math.ceil(contextLength / blockTokens) };
  }
  const { groups, blockBytes } = kvGroupsOf(spec, { ...asked, blockTokens, contextLength });
  const pagesOfRequest = blocksPerRequest(groups, contextLength, asked.inFlightTokens);
  return { groups, blockBytes: stage * blockBytes, pagesOfRequest };
}

/** Bytes for the windows and states of every sequence that may run, outside the pages. */
function setAsideBytes(
  spec: ReplicaSpec,
  request: MemoryRequest,
  shared: number,
  perToken: number,
  stage: number,
): number {
  const linear = linearReserve(spec, request, stage);
  return windowedStateBytes(spec, request, shared - linear, perToken, stage) + linear;
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

function communicatorBytes(accounting: MemoryAccounting, gpus: number): number {
  if (gpus === 1) return 0;
  if (accounting === 'sglang') return SGLANG_GROUP_BYTES;
  return gpus === 2 ? NCCL_PAIR_BYTES : NCCL_GROUP_BYTES;
}
