import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { Executor, localRunner } from '../study/executor.ts';
import { StoredRunner } from '../study/store/storedRunner.ts';
import type { StudyStore } from '../study/store/studyStore.ts';
import type { TaskSource, TrialRunner } from '../study/trialRunner.ts';
import type { Workload } from '../workload/workload.ts';
import { plainFacts } from './sharedInput.ts';
import { trialCodec } from './trialCodec.ts';
import type { TrialJob, TrialResult, TrialShared } from './trialTask.ts';

/** The task module of a search's trials. */
export const TRIAL_TASK = new URL(
  import.meta.url.endsWith('.ts') ? './trialTask.ts' : './trialTask.js',
  import.meta.url,
);

/** Where a search's trials run, and whether they are kept. */
export interface TrialPlace {
  readonly threads: number;
  readonly version: string;
  /** Keeps every trial; those it knows are not run again. */
  readonly study?: StudyStore;
  /** What runs the trials; by default this machine's threads. */
  readonly runner?: (task: TaskSource) => Promise<TrialRunner<TrialJob, TrialResult>>;
}

/** The executor of one search. @param baseline whose facts its trials need too. */
export async function trialExecutor(
  config: RecommendConfig,
  source: Workload,
  facts: Facts,
  baseline: PredictConfig | undefined,
  { threads, version, study, runner }: TrialPlace,
): Promise<Executor<TrialJob, TrialResult>> {
  const shared: TrialShared = { source, facts: plainFacts(config, facts, baseline), version };
  const task = { taskModule: TRIAL_TASK, shared };
  const runs = runner === undefined ? localRunner<TrialJob, TrialResult>(threads, task) : await runner(task);
  return new Executor(study === undefined ? runs : new StoredRunner(runs, study, trialCodec(source.digest, facts)));
}
