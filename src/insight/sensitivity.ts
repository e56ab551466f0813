import { log } from '../base/math.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { metricDirection, metricValue } from '../metrics/metricNames.ts';
import type { Report } from '../metrics/report.ts';
import type { Laboratory } from './laboratory.ts';
import { type Move, movesAround } from './moves.ts';

/** What one move does to each metric: relative change, null where there is no figure to compare. */
export interface Effect {
  readonly label: string;
  readonly changes: Readonly<Record<string, number | null>>;
  /** Within the SLO; null without one. */
  readonly meets_slo: boolean | null;
}

export interface TriedMove {
  readonly move: Move;
  readonly report: Report;
}

/** Every move whose result can exist, simulated. */
export function tryMoves(laboratory: Laboratory, config: PredictConfig): TriedMove[] {
  return movesAround(config).flatMap((move) => {
    const report = laboratory.report(move.apply(config));
    return report === null ? [] : [{ move, report }];
  });
}

export function effectOf(label: string, base: Report, changed: Report, metrics: readonly string[]): Effect {
  return {
    label,
    changes: Object.fromEntries(metrics.map((metric) => [metric, relativeChange(metric, base, changed)])),
    meets_slo: changed.slo.worst_slack === null ? null : changed.slo.met,
  };
}

export function relativeChange(metric: string, base: Report, changed: Report): number | null {
  const [from, to] = [metricValue(base, metric), metricValue(changed, metric)];
  if (from === to) return 0;
  const change = (to - from) / from;
  return Number.isFinite(change) ? change : null;
}

/** By how much better a metric is, as a logarithm: positive is better; null where there is no figure. */
export function logGain(metric: string, base: Report, changed: Report): number | null {
  const [from, to] = [metricValue(base, metric), metricValue(changed, metric)];
  if (!(from > 0 && to > 0 && Number.isFinite(from) && Number.isFinite(to))) return null;
  const gain = log(to / from);
  return metricDirection(metric) === 'minimize' ? -gain : gain;
}
