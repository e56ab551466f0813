import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import type { CommonConfig } from '../engine/commonConfig.ts';
import type { EngineConfig } from '../engine/engineConfig.ts';
import type { Speculation } from '../engine/speculation.ts';
import { LATEST_SEMANTICS } from '../engine/vllm/vllmConfig.ts';
import type { GraphRecipe } from '../timing/hostProfile.ts';
import { planMemory } from '../timing/memory.ts';
import type { ReplicaSpec } from '../timing/replica.ts';
import type { MeasuredPoint } from './measuredPoint.ts';

/** A server of a measured point as the simulator starts it. */
export interface Launch {
  readonly spec: ReplicaSpec;
  readonly engine: EngineConfig;
  readonly graphs: GraphRecipe;
  readonly tokenizers: number;
}

/**
 * Requests of one length that start together would stay in step for ever, and all prefill at once. Real ones do not: prompts
 * are text, which comes out some tokens longer or shorter, and clients answer at their own pace. This much of their
 * length, an assumption, drives them apart.
 */
const DRIFT = 0.04;

/** Lengths of a run's requests as shares of the nominal ones. */
export function lengthSharesOf({ lengthShares: [low, high] }: MeasuredPoint): readonly [low: number, high: number] {
  return low === high ? [low * (1 - DRIFT), high * (1 + DRIFT)] : [low, high];
}

/** The replica that was measured. @throws InputError for models and GPUs outside the catalog. */
export function replicaOf(point: MeasuredPoint): ReplicaSpec {
  const hardware = findHardware(point.hardware);
  return {
    model: findModel(point.model),
    hardware,
    parallelism: point.parallelism,
    weightDtype: point.weightDtype,
    expertDtype: point.expertDtype,
    // Where no recipe tells, servers on Blackwell and of quantized checkpoints keep fp8 KV.
    kvDtype: point.kvDtype ?? (hardware.tflopsFp4 !== null || point.weightDtype.startsWith('fp8') ? 'fp8' : 'bf16'),
  };
}

/** The engine as its recipe started it, its version's defaults where the recipe is silent. */
export function launchOf(point: MeasuredPoint): Launch {
  const spec = replicaOf(point);
  const common = commonOf(point, spec);
  const engine = engineOf(point, common);
  return {
    spec,
    engine,
    graphs: {
      backend: point.backend,
      overlap: isOverlapped(point),
      maxDecodeGraph: point.recipe.maxDecodeGraph,
      decodeGraphs: null,
      maxSequences: common.maxSequences,
      prefillGraphTokens: point.recipe.prefillGraph === true ? PREFILL_GRAPH_TOKENS : null,
    },
    tokenizers: point.recipe.tokenizers ?? 1,
  };
}

/** Piecewise graphs of SGLang and TensorRT-LLM reach at least as far as one benchmark prompt. */
const PREFILL_GRAPH_TOKENS = 8192;

/** Batch and token limits of engines whose recipe names none: see the sources in docs/engines. */
const DEFAULTS = {
  vllm: { batchedTokens: 8192, sequences: 1024, blockTokens: 16 },
  sglang: { batchedTokens: 16_384, sequences: 2048, blockTokens: 64 },
  trtllm: { batchedTokens: 8192, sequences: 2048, blockTokens: 32 },
} as const;

function commonOf(point: MeasuredPoint, spec: ReplicaSpec): CommonConfig {
  const { recipe, concurrency, parallelism } = point;
  const defaults = DEFAULTS[point.backend];
  const ranks = parallelism.attentionData;
  const longest = longestPrompt(point) + Math.ceil(lengthSharesOf(point)[1] * point.outputTokens);
  const contextLength = Math.max(recipe.contextLength ?? 0, longest + 1);
  const blockTokens = recipe.blockTokens ?? defaults.blockTokens;
  // TensorRT-LLM's generations take their drafts out of max_num_tokens, too.
  const tokens = point.backend === 'trtllm' ? 1 + point.draftTokens : 1;
  const maxSequences = Math.min(recipe.maxSequences ?? defaults.sequences, Math.floor(batchedTokensOf(point) / tokens));
  const plan = planMemory(spec, {
    accounting: point.backend,
    capacity: { memoryFraction: recipe.memoryFraction ?? 0.9 },
    blockTokens,
    maxBatchedTokens: batchedTokensOf(point) * parallelism.attentionData,
    maxSequences: Math.min(maxSequences, concurrency) * parallelism.attentionData,
    contextLength,
  });
  return {
    maxSequences,
    // Prompts are random: nothing is shared, and recipes turn the cache off.
    prefixCaching: recipe.prefixCaching ?? false,
    blockTokens,
    blocks: capacityOf(
      plan.blocks / ranks,
      Math.ceil(concurrency / ranks) * Math.ceil(longest / blockTokens) + SPARE_PAGES,
    ),
    contextLength,
    attentionDataRanks: ranks,
    pipelineStages: parallelism.pipeline,
    speculation: speculationOf(point),
  };
}

/**
 * Pages of one rank. Formats and reserves of a recipe are known only roughly, and a factor two in KV turns into phantom
 * queueing: the cache counts as too small for the run only when it clearly is.
 */
function capacityOf(planned: number, needed: number): number {
  // A plan without room is refuted by the run itself.
  if (planned >= CLEARLY_OVER * needed || planned <= 0) return Math.max(Math.floor(planned), needed);
  return Math.floor(planned);
}
const CLEARLY_OVER = 0.6;
/** Beside the requests' own: a null page, and room for drafts. */
const SPARE_PAGES = 3;

function longestPrompt(point: MeasuredPoint): number {
  return Math.ceil(lengthSharesOf(point)[1] * point.inputTokens);
}

/** A server that did without chunks had room for its prompts. */
function batchedTokensOf(point: MeasuredPoint): number {
  const { recipe, backend } = point;
  const tokens = recipe.maxBatchedTokens ?? DEFAULTS[backend].batchedTokens;
  return backend === 'trtllm' && recipe.chunkedPrefill !== true ? Math.max(tokens, longestPrompt(point)) : tokens;
}

/**
 * Acceptance of MTP drafts, each given the one before, where no measurement tells: AIConfigurator's default
 * (`nextn_accept_rates`). The DeepSeek-V3 report gives 85 to 90 % for the first draft of text; its module was trained for one.
 */
const MTP_ACCEPTANCE = [0.85, 0.3, 0, 0];

function speculationOf({ draftTokens }: MeasuredPoint): Speculation | null {
  if (draftTokens === 0) return null;
  const acceptance = Array.from({ length: draftTokens }, (_, draft) => MTP_ACCEPTANCE[Math.min(draft, 3)]);
  return { method: 'eagle', draftTokens, acceptance, seed: 1 };
}

/** Overlap is on by default: in vLLM since 0.14, in SGLang unless speculation is its first version, in TensorRT-LLM always. */
function isOverlapped({ recipe, backend, version, draftTokens }: MeasuredPoint): boolean {
  if (recipe.asyncScheduling !== null) return recipe.asyncScheduling;
  if (backend === 'vllm') return !/^0\.([0-9]|1[0-3])(\.|$)/.test(version);
  return backend !== 'sglang' || draftTokens === 0;
}

function engineOf(point: MeasuredPoint, common: CommonConfig): EngineConfig {
  const { recipe, backend } = point;
  const ranks = common.attentionDataRanks;
  const maxBatchedTokens = batchedTokensOf(point);
  if (backend === 'vllm') {
    return {
      ...common,
      backend,
      maxBatchedTokens,
      chunkedPrefill: recipe.chunkedPrefill ?? true,
      longPrefillTokens: 0,
      policy: 'fcfs',
      prefillInterval: 1,
      asyncScheduling: isOverlapped(point),
      watermark: 0,
      semantics: LATEST_SEMANTICS,
    };
  }
  if (backend === 'sglang') {
    return {
      ...common,
      backend,
      chunkedPrefillTokens: recipe.chunkedPrefill === false ? null : Math.floor(maxBatchedTokens / ranks),
      maxPrefillTokens: 16_384,
      mixedChunk: false,
      policy: 'fcfs',
      conservativeness: ranks > 1 ? 0.3 : 1,
      overlap: isOverlapped(point),
      pollingInterval: recipe.pollingInterval ?? 1,
      ignoreEos: true,
      keepsGenerated: !isBetween(point.measured, '2025-11-22', '2026-02-10'),
      adder: point.measured !== null && point.measured >= '2026-02-01' ? 'paged' : 'plain',
      prefillDelayPasses: 0,
      reservedDecodeTokens: 512,
    };
  }
  return {
    ...common,
    backend,
    maxBatchedTokens,
    capacityPolicy: 'GUARANTEED_NO_EVICT',
    chunkedPrefill: recipe.chunkedPrefill ?? false,
    chunkingPolicy: 'FIRST_COME_FIRST_SERVED',
    overlap: isOverlapped(point),
    batchWaitIterations: recipe.batchWaitIterations ?? 0,
    batchWaitTokensRatio: recipe.batchWaitTokensRatio ?? 0,
    balance:
      recipe.balance === true && ranks > 1
        ? {
            timeoutIterations: recipe.balanceTimeoutIterations ?? 50,
            batchingWaitIterations: recipe.balanceBatchingIterations ?? 10,
          }
        : null,
  };
}

function isBetween(day: string | null, from: string, to: string): boolean {
  return day !== null && day >= from && day < to;
}
