import type { Backend } from '../catalog/engineProfile.ts';
import type { KvDtype, WeightDtype } from '../catalog/model.ts';
import type { Parallelism } from '../timing/replica.ts';

/** One run of a closed-loop benchmark against a real server: what ran, how it was asked, and the two means it gave. */
export interface MeasuredPoint {
  readonly id: string;
  readonly model: string;
  readonly hardware: string;
  readonly backend: Backend;
  readonly version: string;
  /** As the source calls it: `fp8`, `fp4`, ... */
  readonly precision: string;
  readonly weightDtype: WeightDtype;
  readonly expertDtype: WeightDtype;
  /** null: the recipe does not tell. */
  readonly kvDtype: KvDtype | null;
  readonly parallelism: Parallelism;
  /** Nominal lengths; the run's own are uniform between `lengthShares` of them. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly lengthShares: readonly [low: number, high: number];
  readonly concurrency: number;
  readonly requestsPerSlot: number;
  readonly ttftMs: number;
  readonly tpotMs: number;
  /** Day of the measurement, `2026-01-31`; null where unknown. */
  readonly measured: string | null;
  /** Points that differ only in concurrency. */
  readonly curve: string;
  /** Grouped folds for cross-validation. */
  readonly fold: string;
  readonly trusted: { readonly ttft: boolean; readonly tpot: boolean };
  /** Why a value is not trusted. */
  readonly note: string;
  readonly draftTokens: number;
  /** Whether the server's launch recipe is known at all. */
  readonly recipeKnown: boolean;
  readonly recipe: LaunchRecipe;
}

/** How the server was started; null = the engine's default at its version. Counts are per attention-DP rank. */
export interface LaunchRecipe {
  readonly maxBatchedTokens: number | null;
  readonly maxSequences: number | null;
  readonly contextLength: number | null;
  readonly memoryFraction: number | null;
  readonly blockTokens: number | null;
  readonly prefixCaching: boolean | null;
  readonly chunkedPrefill: boolean | null;
  readonly pollingInterval: number | null;
  readonly batchWaitIterations: number | null;
  readonly batchWaitTokensRatio: number | null;
  readonly balance: boolean | null;
  readonly balanceTimeoutIterations: number | null;
  readonly balanceBatchingIterations: number | null;
  readonly maxDecodeGraph: number | null;
  readonly prefillGraph: boolean | null;
  readonly asyncScheduling: boolean | null;
  readonly tokenizers: number | null;
}
