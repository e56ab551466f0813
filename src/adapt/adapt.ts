import { InputError } from '../base/inputError.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import type { Report } from '../metrics/report.ts';
import type { Workload } from '../workload/workload.ts';
import type { Adaptation, Score, SegmentReport, StretchReport, SwitchReport } from './adaptation.ts';
import { autoscalers } from './autoscalers.ts';
import { cheapestCycle } from './cheapestCycle.ts';
import { type Segment, segmentsOf } from './drift.ts';
import { Rehearsal } from './rehearsal.ts';
import { type Step, scheduledConfig } from './schedule.ts';
import { type Shape, shapesOf, withReplicas } from './shapes.ts';
import { startupSecondsOf } from './startup.ts';
import { type Deployment, type SwitchCost, switchCost, usdOf } from './switchCost.ts';
import { Scissors, type Stretch } from './windows.ts';

export interface AdaptOptions {
  readonly version: string;
  readonly windowS: number;
  /** Share of the workload's time that everything is chosen on; the rest scores it. */
  readonly trainShare: number;
  readonly onProgress?: (what: string) => void;
}

/** Replicas added to every segment, until the schedule also keeps the SLO where it was chosen. */
const MOST_HEADROOM = 4;

const LEFT_OUT = [
  'between segments the shape and the number of replicas change; router, scheduler budgets and prefill/decode splits do not',
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
  const shapes = shapesOf(config, facts).filter(({ mostReplicas }) => mostReplicas >= 1);
  if (shapes.length === 0)
    throw new InputError({ path: 'engine', message: 'no shape fits the GPUs and limits of the goal' });
  const borderNs = Math.round(scissors.endNs * options.trainShare);
  const train = new Planning(scissors, rehearsal, shapes, facts, 0, borderNs, options);
  const best = train.schedule();
  const fixed = train.bestStatic();
  const scaled = train.bestAutoscaled(fixed);
  const test = new Planning(scissors, rehearsal, shapes, facts, borderNs, scissors.endNs, options);
  const hindsight = test.schedule();

  const score = (chosen: Chosen | null, isHindsight = false): Score | null => {
    if (chosen === null) return null;
    options.onProgress?.(`scoring ${chosen.name}`);
    const report = rehearsal.run(chosen.config, borderNs, scissors.endNs);
    return {
      deployment: chosen.name,
      usd: report.cost.usd,
      estimated_usd:
        chosen.estimatedUsd === null ? null : isHindsight ? chosen.estimatedUsd : test.estimate(chosen.steps!),
      attained_ratio: report.slo.attained_ratio,
      met: report.slo.met,
      gpu_hours: report.fleet.gpu_hours,
      scale_events: report.fleet.scale_events,
      in_training: isHindsight
        ? null
        : { usd: chosen.report.cost.usd, attained_ratio: chosen.report.slo.attained_ratio, met: chosen.report.slo.met },
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
    train: train.stretch,
    test: test.stretch,
    segments: train.segmentReports(best?.steps ?? null),
    switches: train.switchReports(best?.steps ?? null),
    scores,
    simulations: rehearsal.simulations,
    left_out: LEFT_OUT,
  };
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

/** Something chosen, and how it did where it was chosen. */
interface Chosen {
  readonly name: string;
  readonly config: PredictConfig;
  readonly report: Report;
  readonly steps: readonly Step[] | null;
  readonly estimatedUsd: number | null;
}

/** What would be best on one stretch of the workload. */
class Planning {
  readonly stretch: StretchReport;
  readonly #rehearsal: Rehearsal;
  readonly #shapes: readonly Shape[];
  readonly #facts: Facts;
  readonly #fromNs: number;
  readonly #toNs: number;
  readonly #segments: readonly (Segment & { readonly stretch: Stretch })[];
  /** By segment and shape. */
  readonly #fewest: readonly (readonly (number | null)[])[];

  constructor(
    scissors: Scissors,
    rehearsal: Rehearsal,
    shapes: readonly Shape[],
    facts: Facts,
    fromNs: number,
    toNs: number,
    { windowS, onProgress }: AdaptOptions,
  ) {
    this.#rehearsal = rehearsal;
    this.#shapes = shapes;
    this.#facts = facts;
    this.#fromNs = fromNs;
    this.#toNs = toNs;
    const windows = scissors.windows(fromNs, toNs, windowS * 1e9);
    this.#segments = segmentsOf(windows).map((segment) => ({
      ...segment,
      stretch: scissors.measure(windows[segment.first].fromNs, windows[segment.end - 1].toNs),
    }));
    this.stretch = {
      from_s: fromNs / 1e9,
      to_s: toNs / 1e9,
      requests: windows.reduce((sum, { requests }) => sum + requests, 0),
    };
    const guesses = shapes.map(() => 1);
    this.#fewest = this.#segments.map(({ stretch }, index) => {
      onProgress?.(`segment ${index + 1} of ${this.#segments.length}`);
      return shapes.map((shape, at) => {
        if (stretch.requests === 0) return 1;
        const fewest = rehearsal.fewest(shape, stretch.fromNs, stretch.toNs, guesses[at]);
        // The next segment's search begins where this one's ended.
        guesses[at] = fewest ?? guesses[at];
        return fewest;
      });
    });
  }

  /** The cheapest schedule that keeps the SLO in every segment, and then, with headroom if it takes some, over the whole stretch. */
  schedule(): Chosen | null {
    let best: Chosen | null = null;
    for (let headroom = 0; headroom <= MOST_HEADROOM && best?.report.slo.met !== true; headroom++) {
      const path = this.#cheapest(headroom);
      if (path === null) break;
      const config = scheduledConfig(
        path.steps,
        (shape) => startupSecondsOf(shape, this.#facts),
        (this.#toNs - this.#fromNs) / 1e9,
      );
      const report = this.#rehearsal.run(config, this.#fromNs, this.#toNs);
      best = { name: nameOf(path.steps), config, report, steps: path.steps, estimatedUsd: path.usd };
    }
    return best;
  }

  /** The cheapest number of one shape that keeps the SLO over the whole stretch. */
  bestStatic(): Chosen | null {
    const found = this.#shapes.flatMap((shape, at): Deployment[] => {
      const numbers = this.#fewest.map((fewest) => fewest[at]);
      if (numbers.includes(null)) return [];
      const guess = Math.max(...(numbers as number[]));
      const replicas = this.#rehearsal.fewest(shape, this.#fromNs, this.#toNs, guess);
      return replicas === null ? [] : [{ shape, replicas }];
    });
    if (found.length === 0) return null;
    const usd = ({ shape, replicas }: Deployment): number => shape.usdPerHour * replicas;
    const best = found.reduce((a, b) => (usd(b) < usd(a) ? b : a));
    const report = this.#rehearsal.static(best.shape, best.replicas, this.#fromNs, this.#toNs);
    return {
      name: inWords(best),
      config: withReplicas(best.shape.config, best.replicas),
      report,
      steps: null,
      estimatedUsd: null,
    };
  }

  /** Of several autoscalers on each shape that can keep the SLO: the cheapest that does, or the one that is good most often. */
  bestAutoscaled(fixed: Chosen | null): Chosen | null {
    if (fixed === null) return null;
    let best: Chosen | null = null;
    const first = this.#fewest[0];
    for (const [at, shape] of this.#shapes.entries()) {
      if (this.#fewest.some((fewest) => fewest[at] === null)) continue;
      for (const { name, planner } of autoscalers(shape, first[at]!, fixed.config)) {
        const config = { ...withReplicas(shape.config, first[at]!), planner };
        const report = this.#rehearsal.run(config, this.#fromNs, this.#toNs);
        const chosen = { name: `${shape.name}, ${name}`, config, report, steps: null, estimatedUsd: null };
        if (best === null || isBetter(report, best.report)) best = chosen;
      }
    }
    return best;
  }

  /** Steps of a schedule added up over this stretch's own segments, as if it had been chosen here. */
  estimate(steps: readonly Step[]): number {
    const at = (ns: number): Step => steps.filter(({ fromS }) => fromS <= (ns - this.#fromNs) / 1e9).at(-1) ?? steps[0];
    const bordersNs = [...steps.map(({ fromS }) => this.#fromNs + fromS * 1e9), this.#toNs].filter(
      (ns) => ns <= this.#toNs,
    );
    let usd = 0;
    for (let step = 1; step < bordersNs.length; step++) {
      const { shape, replicas } = at(bordersNs[step - 1]);
      usd += (shape.usdPerHour * replicas * (bordersNs[step] - bordersNs[step - 1])) / 3600e9;
    }
    return usd + this.switchReports(steps).reduce((sum, { estimated_usd }) => sum + usdOf(estimated_usd), 0);
  }

  segmentReports(steps: readonly Step[] | null): SegmentReport[] {
    return this.#segments.map(({ stretch, reason }, index) => ({
      from_s: stretch.fromNs / 1e9,
      to_s: stretch.toNs / 1e9,
      requests: stretch.requests,
      requests_per_s: stretch.perS,
      mean_input_tokens: stretch.inputTokens.mean,
      mean_output_tokens: stretch.outputTokens.mean,
      reused_ratio: stretch.reusedRatio,
      reason,
      fewest: Object.fromEntries(this.#shapes.map(({ name }, at) => [name, this.#fewest[index][at]])),
      deployment:
        steps === null
          ? null
          : inWords(steps.filter(({ fromS }) => fromS <= (stretch.fromNs - this.#fromNs) / 1e9).at(-1)!),
    }));
  }

  switchReports(steps: readonly Step[] | null): SwitchReport[] {
    if (steps === null || steps.length < 2) return [];
    // The last one leads back to the beginning.
    return [...steps.slice(1), steps[0]].map((to, index) => {
      const from = steps[index];
      return {
        at_s: to === steps[0] ? this.#toNs / 1e9 : this.#fromNs / 1e9 + to.fromS,
        from: inWords(from),
        to: inWords(to),
        estimated_usd: this.#switchCost(from, to, this.#segmentAt(to.fromS)),
      };
    });
  }

  #segmentAt(fromS: number): number {
    const ns = this.#fromNs + fromS * 1e9;
    return Math.max(
      0,
      this.#segments.findLastIndex(({ stretch }) => stretch.fromNs <= ns),
    );
  }

  /** By dynamic programming over segments and the deployments that some segment needs. */
  #cheapest(headroom: number): { steps: Step[]; usd: number } | null {
    const states = this.#shapes.flatMap((shape, at): (Deployment & { at: number })[] => {
      const numbers = this.#fewest
        .flatMap((fewest) => fewest[at] ?? [])
        .map((n) => Math.min(shape.mostReplicas, n + headroom));
      return [...new Set(numbers)].sort((a, b) => a - b).map((replicas) => ({ shape, replicas, at }));
    });
    const stay = this.#segments.map(({ stretch }, index) =>
      states.map(({ shape, replicas, at }) => {
        const fewest = this.#fewest[index][at];
        const enough = fewest !== null && replicas >= Math.min(shape.mostReplicas, fewest + headroom);
        return enough
          ? (shape.usdPerHour * replicas * (stretch.toNs - stretch.fromNs)) / 3600e9
          : Number.POSITIVE_INFINITY;
      }),
    );
    const path = cheapestCycle(stay, (from, to, segment) =>
      from === to ? 0 : usdOf(this.#switchCost(states[from], states[to], segment)),
    );
    if (path === null) return null;
    const steps = path.states.map((state, index) => ({
      shape: states[state].shape,
      replicas: states[state].replicas,
      fromS: (this.#segments[index].stretch.fromNs - this.#fromNs) / 1e9,
    }));
    const changes = steps.filter(
      (step, index) =>
        index === 0 || step.shape !== steps[index - 1].shape || step.replicas !== steps[index - 1].replicas,
    );
    return { steps: changes, usd: path.cost };
  }

  #switchCost(from: Deployment, to: Deployment, segment: number): SwitchCost {
    const { stretch: before } = this.#segments.at(segment - 1)!;
    const { stretch: after } = this.#segments[segment];
    return switchCost(
      from,
      to,
      startupSecondsOf(to.shape, this.#facts),
      this.#rehearsal.static(from.shape, from.replicas, before.fromNs, before.toNs),
      this.#rehearsal.static(to.shape, to.replicas, after.fromNs, after.toNs),
    );
  }
}

function isBetter(report: Report, than: Report): boolean {
  if (report.slo.met !== than.slo.met) return report.slo.met;
  return report.slo.met ? report.cost.usd < than.cost.usd : report.slo.attained_ratio > than.slo.attained_ratio;
}

function inWords({ shape, replicas }: Deployment): string {
  return `${replicas}x ${shape.name}`;
}

function nameOf(steps: readonly Step[]): string {
  const kinds = [...new Set(steps.map(inWords))];
  return `${kinds.join(', ')}: ${steps.length === 1 ? 0 : steps.length} switches`;
}
