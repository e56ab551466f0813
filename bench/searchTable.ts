/** A space with the outcome of every candidate at every level, so that strategies can be replayed in a moment. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { sha256Hex } from '../src/base/sha256.ts';
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { catalogFacts } from '../src/config/facts.ts';
import { parseRecommend } from '../src/config/loadPredict.ts';
import type { RecommendConfig } from '../src/config/recommendConfig.ts';
import { metricValue } from '../src/metrics/metricNames.ts';
import type { CandidateSpace } from '../src/recommend/candidateSpace.ts';
import { enumerateCandidates } from '../src/recommend/candidates.ts';
import { memoryPlanner } from '../src/recommend/memoryRefusal.ts';
import { sameDeployment } from '../src/recommend/sameDeployment.ts';
import { SearchProblem } from '../src/recommend/searchProblem.ts';
import { plainFacts } from '../src/recommend/sharedInput.ts';
import { onSlice, sliceSizes } from '../src/recommend/slices.ts';
import type { TrialJob, TrialResult, TrialShared } from '../src/recommend/trialTask.ts';
import type { TrialOutcome } from '../src/search/strategy.ts';
import { localExecutor } from '../src/study/executor.ts';

export interface Entry {
  readonly outcome: TrialOutcome;
  /** Equal for candidates that simulate alike: a search simulates one of them. */
  readonly twins: string;
  /** Objectives as reported. */
  readonly values: readonly number[] | null;
}

export interface SpaceTable {
  readonly config: RecommendConfig;
  readonly space: CandidateSpace;
  readonly problem: SearchProblem;
  /** By level, then candidate. */
  readonly entries: readonly (readonly Entry[])[];
}

/**
 * @param store a file that keeps the outcomes: read where it is there, else written. Remove it when the simulator changes.
 */
export async function tabulate(yaml: string, threads: number, store: string | null = null): Promise<SpaceTable> {
  const config = parseRecommend(yaml, 'space.yaml', [], catalogFacts);
  const space = enumerateCandidates(config, catalogFacts, memoryPlanner(catalogFacts));
  const traffic = {
    ...config.traffic,
    load: { type: 'trace_timestamps', speedup: 1, spread: 'none' } as const,
    max_output_tokens: 'exact' as const,
  };
  const source = await loadWorkload(traffic, config.seed, '.', catalogFacts.model(config.model).contextLength);
  const slices = sliceSizes(
    source.count,
    space.groups.map((_, group) => space.configOfGroup(group)),
  );
  const levels = [...slices.map((size) => size / source.count), 1];
  const problem = new SearchProblem(config, space, levels, source, catalogFacts);
  if (store !== null && existsSync(store)) {
    const kept = JSON.parse(readFileSync(store, 'utf8')) as { yaml: string; entries: Entry[][] };
    if (kept.yaml !== yaml) throw new Error(`${store} is of another space`);
    return { config, space, problem, entries: kept.entries };
  }
  const shared: TrialShared = { source, facts: plainFacts(config, catalogFacts), version: 'evidence' };
  const taskModule = new URL('../src/recommend/trialTask.ts', import.meta.url);
  const executor = localExecutor<TrialJob, TrialResult>(threads, { taskModule, shared });
  const kind = config.goal.kind === 'capacity' ? 'capacity' : 'single';
  const entries: Entry[][] = [];
  for (let level = 0; level < levels.length; level++) {
    const row: Entry[] = [];
    const isSlice = level < slices.length;
    const twinsOf: string[] = [];
    function* asks() {
      for (let candidate = 0; candidate < space.size; candidate++) {
        const whole = space.config(candidate);
        const config = isSlice ? onSlice(whole, slices[level]) : whole;
        twinsOf.push(sha256Hex(sameDeployment(config)).slice(0, 16));
        yield { id: String(candidate), job: { config, kind, stopEarly: !isSlice } as const };
      }
    }
    await executor.run(asks(), {
      onTold: (trial) => {
        const candidate = row.length;
        const result = trial.status === 'done' ? trial.result : null;
        const report = result?.evaluation.status === 'full' ? result.evaluation.report : null;
        row.push({
          outcome: problem.outcome({ candidate, level }, result),
          twins: twinsOf[candidate],
          values: report === null ? null : config.goal.objectives.map(({ metric }) => metricValue(report, metric)),
        });
        return true;
      },
    });
    entries.push(row);
  }
  await executor.close();
  if (store !== null) writeFileSync(store, JSON.stringify({ yaml, entries }));
  return { config, space, problem, entries };
}
