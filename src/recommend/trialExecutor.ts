import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { Executor, localRunner } from '../study/executor.ts';
import { type Shard, ShardRunner } from '../study/shardRunner.ts';
import { StoredRunner } from '../study/store/storedRunner.ts';
import type { StudyStore } from '../study/store/studyStore.ts';
import type { Trial } from '../study/trial.ts';
import type { TaskSource, TrialRunner } from '../study/trialRunner.ts';
import { WatchedRunner } from '../study/watchedRunner.ts';
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
  /** With a study: run only this share of what it does not know. */
  readonly shard?: Shard;
  /** What runs the trials; by default this machine's threads. */
  readonly runner?: (task: TaskSource) => Promise<TrialRunner<TrialJob, TrialResult>>;
  /** As soon as a trial has run or was found in the study; in the order of settling, which threads decide. */
  readonly onSettled?: (trial: Trial<TrialResult>, job: TrialJob) => void;
}

/** The executor of one search. @param baseline whose facts its trials need too. */
export async function trialExecutor(
  config: RecommendConfig,
  source: Workload,
  facts: Facts,
  baseline: PredictConfig | undefined,
  { threads, version, study, shard, runner, onSettled }: TrialPlace,
): Promise<Executor<TrialJob, TrialResult>> {
  const shared: TrialShared = { source, facts: plainFacts(config, facts, baseline), version };
  const task = { taskModule: TRIAL_TASK, shared };
  let runs = runner === undefined ? localRunner<TrialJob, TrialResult>(threads, task) : await runner(task);
  if (study !== undefined) {
    const codec = trialCodec(source.digest, facts);
    if (shard !== undefined) runs = new ShardRunner(runs, shard, (job) => codec.facts(job).key);
    runs = new StoredRunner(runs, study, codec);
  }
  return new Executor(onSettled === undefined ? runs : new WatchedRunner(runs, onSettled));
}
