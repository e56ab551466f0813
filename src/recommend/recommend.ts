import { InputError } from '../base/inputError.ts';
import { buildScenario } from '../config/buildScenario.ts';
import { recommendHash } from '../config/configHash.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { shapeWorkload } from '../config/shapeWorkload.ts';
import type { Workload } from '../workload/workload.ts';
import { enumerateCandidates } from './candidates.ts';
import { memoryPlanner } from './memoryRefusal.ts';
import type { Recommendation } from './recommendation.ts';
import { Search, type SearchHooks } from './search.ts';
import { type TrialPlace, trialExecutor } from './trialExecutor.ts';

export interface RecommendOptions extends TrialPlace, SearchHooks {
  /** The user's own deployment, resolved; it is simulated on the goal's traffic and judged by its SLO. */
  readonly baseline?: PredictConfig;
  /** Once, before anything is simulated: legal candidates, of how many points of the product of all domains. */
  readonly onSpace?: (legal: number, enumerated: number) => void;
}

/**
 * Searches the whole space of a goal: refuses what needs no simulation, simulates the rest, answers with frontier and pick.
 * The answer is the same for any number of threads.
 * @throws InputError when the baseline does not fit its GPUs.
 * @param source the requests of `config.traffic.source`, before load and limits.
 */
export async function recommend(
  config: RecommendConfig,
  source: Workload,
  facts: Facts,
  options: RecommendOptions,
): Promise<Recommendation> {
  const startedMs = performance.now();
  const space = enumerateCandidates(config, facts, memoryPlanner(facts));
  options.onSpace?.(space.size, space.enumerated);
  if (options.baseline !== undefined) assertFits(options.baseline, source, facts);
  const executor = await trialExecutor(config, source, facts, options.baseline, options);
  const search = new Search(config, source, facts, space, options, executor);
  try {
    const baselines = options.baseline === undefined ? [] : await search.baselines(options.baseline);
    const truncated = await search.candidates();
    if (!truncated) await search.nearestMisses();
    return search.answer.recommendation({
      configHash: goalHash(config, source, facts),
      version: options.version,
      space,
      ruledOut: search.ruledOut(),
      duplicates: search.duplicates(),
      baselines,
      truncated,
      threads: options.threads,
      wallMs: performance.now() - startedMs,
    });
  } finally {
    await executor.close();
  }
}

/** The `config_hash` of a goal: of its configuration and of the workload at its first load. */
export function goalHash(config: RecommendConfig, source: Workload, facts: Facts): string {
  const { context_length } = config.base.engine as { readonly context_length?: number | null };
  const contextLength = context_length ?? facts.model(config.model).contextLength;
  const { digest } = shapeWorkload(source, config.traffic, config.seed, contextLength);
  return recommendHash(config, digest, facts);
}

/** @throws InputError naming what of the baseline does not fit its GPUs. */
function assertFits(baseline: PredictConfig, source: Workload, facts: Facts): void {
  try {
    buildScenario(baseline, source, facts);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(error.issues.map((issue) => ({ ...issue, file: '--baseline' })));
  }
}
