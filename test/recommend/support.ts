import { loadWorkload } from '../../src/config/buildWorkload.ts';
import { catalogFacts } from '../../src/config/facts.ts';
import { parseRecommend } from '../../src/config/loadPredict.ts';
import type { PredictConfig } from '../../src/config/predictConfig.ts';
import type { RecommendConfig } from '../../src/config/recommendConfig.ts';
import { contextLengthOf } from '../../src/config/replicaSpec.ts';
import type { Report } from '../../src/metrics/report.ts';
import { type RecommendOptions, recommend } from '../../src/recommend/recommend.ts';
import type { Recommendation } from '../../src/recommend/recommendation.ts';
import { predict } from '../../src/study/prediction.ts';

const AS_IT_IS = { type: 'trace_timestamps', speedup: 1, spread: 'none' } as const;

export function goalFrom(yaml: string): RecommendConfig {
  return parseRecommend(yaml, 'goal.yaml', [], catalogFacts);
}

/** The answer of the search, as the command line asks for it. */
export async function answerTo(
  config: RecommendConfig,
  options: Partial<RecommendOptions> = {},
): Promise<Recommendation> {
  const traffic = {
    ...config.traffic,
    load: AS_IT_IS,
    stop: { requests: null, max_virtual_time_seconds: null },
    max_output_tokens: 'exact' as const,
  };
  const source = await loadWorkload(traffic, config.seed, '.', catalogFacts.model(config.model).contextLength);
  return recommend(config, source, catalogFacts, { threads: 1, version: 'test', ...options });
}

/** `dynosim predict` of one candidate: its workload made anew, its simulation run to the end. */
export async function predicted(config: PredictConfig): Promise<Report> {
  const workload = await loadWorkload(config.traffic, config.seed, '.', contextLengthOf(config, catalogFacts));
  return predict(config, workload, { facts: catalogFacts, version: 'test', clockMs: () => 0 }).report;
}

/** Everything that must be equal between two runs: all but how long they took. */
export function timeless(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, entry: unknown) => (key === 'wall_ms' || key === 'elapsed' ? 0 : entry)),
  );
}
