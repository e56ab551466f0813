import type { PredictConfig } from '../config/predictConfig.ts';
import type { Report } from '../metrics/report.ts';
import { type PredictionContext, startRun } from '../study/prediction.ts';
import type { Workload } from '../workload/workload.ts';
import { lostBound } from './earlyStop.ts';

/** A simulation that ran to its end, or one that was stopped because a bound of the SLO was out of reach. */
export type Evaluation =
  | { readonly status: 'full'; readonly report: Report }
  | {
      readonly status: 'short';
      readonly lostBound: string;
      readonly passes: number;
      /** Virtual time at which it was stopped: the longer it held out, the nearer the miss. */
      readonly reachedNs: number;
      readonly wallMs: number;
    };

/** Passes between two looks at whether the SLO is lost. */
const PASSES_PER_LOOK = 10_000;

/**
 * Simulates one candidate; the report is the one `predict` gives for the same configuration.
 * @param stopEarly whether to stop as soon as the SLO cannot be met any more.
 */
export function evaluate(
  config: PredictConfig,
  workload: Workload,
  context: PredictionContext,
  stopEarly: boolean,
): Evaluation {
  const unjudged = unjudgedRequests(config);
  const slo = stopEarly && unjudged !== null ? config.evaluation.slo : null;
  const perLook = slo === null ? Number.POSITIVE_INFINITY : PASSES_PER_LOOK;
  const run = startRun(config, workload, context);
  while (!run.advance(perLook)) {
    const { passes, timeNs } = run.simulation.status();
    const lost = lostBound(slo, run.simulation.result().log, workload, timeNs, unjudged ?? 0);
    if (lost !== null) return { status: 'short', lostBound: lost, passes, reachedNs: timeNs, wallMs: run.wallMs() };
  }
  return { status: 'full', report: run.report() };
}

/** Requests that the measurement window leaves out; null where it is in seconds, which nobody can count beforehand. */
function unjudgedRequests({ evaluation }: PredictConfig): number | null {
  const { warmup, cooldown } = evaluation.window;
  let requests = 0;
  for (const side of [warmup, cooldown]) {
    if ('requests' in side) requests += side.requests;
    else if (side.seconds > 0) return null;
  }
  return requests;
}
