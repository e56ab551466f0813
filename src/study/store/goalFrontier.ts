import type { ObjectiveSpec } from '../../config/recommendConfig.ts';
import { metricValue } from '../../metrics/metricNames.ts';
import type { Report } from '../../metrics/report.ts';
import { nonDominated } from '../../search/pareto.ts';
import type { TrialRow } from './trialRow.ts';

export interface FrontierTrial {
  readonly trial: TrialRow;
  readonly report: Report;
  /** In the order of the objectives. */
  readonly values: readonly number[];
}

/**
 * The trials that met their SLO and that no other such trial beats in every objective, best in the first one first: what
 * a study knows so far, whether its search has ended or not.
 */
export function goalFrontier(trials: readonly TrialRow[], objectives: readonly ObjectiveSpec[]): FrontierTrial[] {
  const met = trials.flatMap((trial): FrontierTrial[] => {
    const { report } = trial;
    if (report === null || !report.slo.met) return [];
    return [{ trial, report, values: objectives.map(({ metric }) => metricValue(report, metric)) }];
  });
  const order = nonDominated(
    met.map(({ values }) => values),
    objectives.map(({ direction }) => direction),
  );
  return order.map((index) => met[index]);
}
