import { InputError } from '../base/inputError.ts';
import type { Facts } from '../config/facts.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import type { Workload } from '../workload/workload.ts';
import type { Adaptation, Score } from './adaptation.ts';
import { type Chosen, Plan, windowReportOf } from './plan.ts';
import { Rehearsal } from './rehearsal.ts';
import { shapesOf } from './shapes.ts';
import { Scissors } from './windows.ts';

export interface AdaptOptions {
  readonly version: string;
  /** For the answer. */
  readonly configHash: string;
  readonly windowS: number;
  /** Share of the workload's time that everything is chosen on; the rest scores it. */
  readonly trainShare: number;
  readonly onProgress?: (what: string) => void;
}

const LEFT_OUT = [
  'shape, number of replicas, prefill/decode split and router change between segments; scheduler budgets do not',
  'segments are judged from cold caches and without the backlog of the one before; the scored runs carry both',
  'more replicas of a shape are taken to do no worse, so each number is found by bisection',
  'the test stretch is taken to run like the training stretch, moment for moment from its beginning',
];

/**
 * A schedule of deployments that follows the workload: chosen on its first part, scored on the rest, beside the best static
 * deployment, the best autoscaled one, and the schedule of hindsight.
 * @param workload as the goal's traffic shapes it, an open loop.
 * @throws InputError without an SLO, for a closed loop, or when no shape is legal.
 */
export function adapt(config: RecommendConfig, workload: Workload, facts: Facts, options: AdaptOptions): Adaptation {
  checkGoal(config);
  const scissors = new Scissors(workload);
  const rehearsal = new Rehearsal(scissors, facts, options.version);
  const { max_candidate_gpus: gpus, max_usd_per_hour: usd } = config.constraints;
  const limits = { gpus, usdPerHour: usd ?? Number.POSITIVE_INFINITY };
  const shapes = shapesOf(config, facts);
  if (shapes.length === 0)
    throw new InputError({ path: 'engine', message: 'no shape fits the GPUs and limits of the goal' });
  const borderNs = Math.round(scissors.endNs * options.trainShare);
  const setup = { scissors, rehearsal, shapes, limits, facts, ...options };
  const train = new Plan(setup, 0, borderNs);
  const best = train.schedule();
  const fixed = train.bestStatic();
  const scaled = train.bestAutoscaled();
  const test = new Plan(setup, borderNs, scissors.endNs);
  const hindsight = test.schedule(best?.steps);

  const score = (chosen: Chosen | null, isHindsight = false): Score | null => {
    if (chosen === null) return null;
    options.onProgress?.(`scoring ${chosen.name}`);
    const { report, course } = test.rehearse(chosen);
    return {
      deployment: chosen.name,
      usd: report.cost.usd,
      usd_by_phase: report.planner?.usd ?? { starting: 0, serving: report.cost.usd, draining: 0, warm: 0 },
      estimated_usd:
        chosen.estimatedUsd === null ? null : isHindsight ? chosen.estimatedUsd : test.estimate(chosen.steps!),
      attained_ratio: report.slo.attained_ratio,
      met: report.slo.met,
      gpu_hours: report.fleet.gpu_hours,
      scale_events: report.fleet.scale_events,
      course,
      in_training: isHindsight ? null : inTraining(train, chosen),
      config: chosen.config,
    };
  };
  const scores = {
    schedule: score(best),
    best_static: score(fixed),
    best_autoscaled: score(scaled),
    hindsight: score(hindsight, true),
  };
  return {
    config_hash: options.configHash,
    train: train.stretch,
    test: test.stretch,
    windows: { train: train.windows.map(windowReportOf), test: test.windows.map(windowReportOf) },
    segments: train.segmentReports(best?.steps ?? null),
    switches: train.switchReports(best?.steps ?? null),
    scores,
    simulations: rehearsal.simulations,
    left_out: LEFT_OUT,
  };
}

function inTraining(train: Plan, chosen: Chosen): Score['in_training'] {
  const { report, course } = train.rehearse(chosen);
  return { usd: report.cost.usd, attained_ratio: report.slo.attained_ratio, met: report.slo.met, course };
}

function checkGoal({ goal, traffic }: RecommendConfig): void {
  if (goal.slo === null) {
    throw new InputError({
      path: 'evaluation.slo',
      message: 'required: what every deployment has to keep',
      hint: 'e.g. --ttft-p95 1500',
    });
  }
  if (traffic.load.type === 'concurrency') {
    throw new InputError({
      path: 'traffic.load',
      message: 'a closed loop has no times to adapt to',
      hint: 'a trace, or requests_per_second',
    });
  }
}
