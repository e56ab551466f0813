import type { ObjectiveSpec } from '../../config/recommendConfig.ts';
import { metricValue } from '../../metrics/metricNames.ts';
import type { FrontierTrial } from './goalFrontier.ts';
import type { TrialRow } from './trialRow.ts';

export interface ChangedTrial {
  readonly before: TrialRow;
  readonly after: TrialRow;
  /** Objectives of both, in their order; null where a trial was stopped before its end or failed. */
  readonly valuesBefore: readonly number[] | null;
  readonly valuesAfter: readonly number[] | null;
}

export interface StudyDiff {
  readonly onlyBefore: number;
  readonly onlyAfter: number;
  readonly same: number;
  /** Trials of the same deployment and workload that came out otherwise, the largest change of an objective first. */
  readonly changed: readonly ChangedTrial[];
  readonly joinedFrontier: readonly FrontierTrial[];
  readonly leftFrontier: readonly FrontierTrial[];
}

/** What changed between two lists of trials of one kind of goal; trials are the same if their content is. */
export function diffTrials(
  before: { readonly trials: readonly TrialRow[]; readonly frontier: readonly FrontierTrial[] },
  after: { readonly trials: readonly TrialRow[]; readonly frontier: readonly FrontierTrial[] },
  objectives: readonly ObjectiveSpec[],
): StudyDiff {
  const old = new Map(before.trials.map((trial) => [trial.contentHash, trial]));
  const fresh = new Set(after.trials.map(({ contentHash }) => contentHash));
  const changed: ChangedTrial[] = [];
  let same = 0;
  for (const trial of after.trials) {
    const earlier = old.get(trial.contentHash);
    if (earlier === undefined) continue;
    if (outcomeOf(earlier) === outcomeOf(trial)) same += 1;
    else {
      changed.push({
        before: earlier,
        after: trial,
        valuesBefore: valuesOf(earlier, objectives),
        valuesAfter: valuesOf(trial, objectives),
      });
    }
  }
  const onFrontier = (frontier: readonly FrontierTrial[]) =>
    new Set(frontier.map(({ trial: { contentHash } }) => contentHash));
  const [was, is] = [onFrontier(before.frontier), onFrontier(after.frontier)];
  return {
    onlyBefore: [...old.keys()].filter((hash) => !fresh.has(hash)).length,
    onlyAfter: [...fresh].filter((hash) => !old.has(hash)).length,
    same,
    changed: changed.sort((a, b) => largestChange(b) - largestChange(a)),
    joinedFrontier: after.frontier.filter(({ trial }) => !was.has(trial.contentHash)),
    leftFrontier: before.frontier.filter(({ trial }) => !is.has(trial.contentHash)),
  };
}

/** Equal for trials with the same result. */
function outcomeOf({ status, report, message }: TrialRow): string {
  return report === null ? `${status}: ${message ?? 'stopped early'}` : report.result_hash;
}

function valuesOf({ report }: TrialRow, objectives: readonly ObjectiveSpec[]): number[] | null {
  return report === null ? null : objectives.map(({ metric }) => metricValue(report, metric));
}

/** Of all objectives, relative; infinite where one side has none. */
function largestChange({ valuesBefore, valuesAfter }: ChangedTrial): number {
  if (valuesBefore === null || valuesAfter === null) return Number.POSITIVE_INFINITY;
  return Math.max(...valuesBefore.map((value, k) => Math.abs(valuesAfter[k] / value - 1)));
}
