import { metricValue } from '../metrics/metricNames.ts';
import { compareLexicographic } from '../search/pareto.ts';
import { shapeKey } from './deployment.ts';
import type { Evaluated, Objective } from './recommendation.ts';

/** Values of the objectives, in order. */
export function objectiveValues({ summary }: Evaluated, objectives: readonly Objective[]): number[] {
  return objectives.map(({ metric }) => metricValue(summary, metric));
}

/**
 * Negative when `a` is the better pick: feasible first, then the first objective, then the largest worst-case SLO slack
 * (in whole percent: less is no reason), then fewer GPUs, then the other objectives in order, then the smaller config hash.
 */
export function comparePicks(a: Evaluated, b: Evaluated, objectives: readonly Objective[]): number {
  if (a.feasible !== b.feasible) return a.feasible ? -1 : 1;
  return (
    compareOn(a, b, objectives.slice(0, 1)) ||
    slackOf(b) - slackOf(a) ||
    a.gpus - b.gpus ||
    compareOn(a, b, objectives.slice(1)) ||
    (a.summary.config_hash < b.summary.config_hash ? -1 : a.summary.config_hash > b.summary.config_hash ? 1 : 0)
  );
}

function compareOn(a: Evaluated, b: Evaluated, objectives: readonly Objective[]): number {
  const directions = objectives.map(({ direction }) => direction);
  return compareLexicographic(objectiveValues(a, objectives), objectiveValues(b, objectives), directions);
}

/** In whole percent. Without an SLO every slack is the same. */
function slackOf({ summary }: Evaluated): number {
  return Math.floor(100 * (summary.slo.worst_slack ?? 0));
}

export interface Picks {
  readonly pick: Evaluated | null;
  /** The best of another shape: other parallelism, GPU or split, not merely other numbers of the same. */
  readonly runnerUp: Evaluated | null;
}

/** Only feasible candidates are picked. */
export function pickBest(candidates: readonly Evaluated[], objectives: readonly Objective[]): Picks {
  const ranked = candidates.filter(({ feasible }) => feasible).sort((a, b) => comparePicks(a, b, objectives));
  const pick = ranked[0] ?? null;
  if (pick === null) return { pick: null, runnerUp: null };
  const shape = shapeKey(pick.config);
  return { pick, runnerUp: ranked.find(({ config }) => shapeKey(config) !== shape) ?? null };
}
