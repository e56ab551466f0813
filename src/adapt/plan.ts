import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { Report } from '../metrics/report.ts';
import type { SegmentReport, StretchReport, SwitchReport, WindowReport } from './adaptation.ts';
import { autoscalers } from './autoscalers.ts';
import { type Course, courseOf } from './course.ts';
import { areSame, configOf, type Deployment, inWords, usdPerHourOf } from './deployment.ts';
import { Needs } from './needs.ts';
import { type Path, Paths } from './paths.ts';
import type { Limits, Rehearsal } from './rehearsal.ts';
import { type Step, scheduledConfig } from './schedule.ts';
import type { Shape } from './shapes.ts';
import { startupSecondsOf } from './startup.ts';
import { usdOf } from './switchCost.ts';
import type { Scissors, Stretch } from './windows.ts';

/** Replicas added to every segment, until the schedule also keeps the SLO where it was chosen. */
const MOST_HEADROOM = 4;
/** Cheaper schedules tried between the one that keeps the SLO everywhere and the cheapest of all. */
const MOST_WEIGHTS = 8;
/** Shapes that autoscalers are tried on. */
const SCALED_SHAPES = 3;

/** Something chosen, and how it did where it was chosen. */
export interface Chosen {
  readonly name: string;
  readonly config: PredictConfig;
  readonly report: Report;
  readonly steps: readonly Step[] | null;
  readonly estimatedUsd: number | null;
}

export interface PlanSetup {
  readonly scissors: Scissors;
  readonly rehearsal: Rehearsal;
  readonly shapes: readonly Shape[];
  readonly limits: Limits;
  readonly facts: Facts;
  readonly windowS: number;
  readonly onProgress?: ((what: string) => void) | undefined;
}

/** What would be best on one stretch of the workload. */
export class Plan {
  readonly stretch: StretchReport;
  readonly windows: readonly Stretch[];
  readonly #setup: PlanSetup;
  readonly #fromNs: number;
  readonly #toNs: number;
  readonly #needs: Needs;
  readonly #paths: Paths;
  /** The fewest replicas of each shape that keep the SLO over the whole stretch, the cheapest first. */
  readonly #fixed: readonly Deployment[];

  constructor(setup: PlanSetup, fromNs: number, toNs: number) {
    const { scissors, rehearsal, shapes, limits, facts, windowS, onProgress } = setup;
    this.#setup = setup;
    this.#fromNs = fromNs;
    this.#toNs = toNs;
    const windows = scissors.windows(fromNs, toNs, windowS * 1e9);
    this.windows = windows;
    this.stretch = {
      from_s: fromNs / 1e9,
      to_s: toNs / 1e9,
      requests: windows.reduce((sum, { requests }) => sum + requests, 0),
    };
    this.#needs = new Needs(scissors, rehearsal, shapes, limits, windows, onProgress);
    this.#paths = new Paths(this.#needs, shapes, rehearsal, (shape) => startupSecondsOf(shape, facts));
    this.#fixed = this.#fixedDeployments();
  }

  /**
   * The cheapest schedule found that keeps the SLO over the whole stretch, simulated from its beginning to its end: the one that
   * keeps it in every segment, with headroom if it takes some; those that save where few requests are missed; standing still; and
   * one that somebody else has chosen.
   */
  schedule(rival: readonly Step[] | null = null): Chosen | null {
    const others = this.#fixed.slice(0, 1).map((deployment): readonly Step[] => [{ ...deployment, fromS: 0 }]);
    if (rival !== null) others.push(rival);
    const tried = others.map((steps) => this.#runPath({ steps, usd: this.estimate(steps), misses: 0 }));
    let keeping: { path: Path; chosen: Chosen } | null = null;
    for (let headroom = 0; headroom <= MOST_HEADROOM && keeping?.chosen.report.slo.met !== true; headroom++) {
      const path = this.#paths.keeping(headroom);
      if (path === null) break;
      keeping = { path, chosen: this.#runPath(path) };
      tried.push(keeping.chosen);
    }
    if (keeping?.chosen.report.slo.met === true) tried.push(...this.#cheaperThan(keeping.path));
    if (tried.length === 0) return null;
    return tried.reduce((best, each) => (isBetter(each.report, best.report) ? each : best));
  }

  /** Between a path that keeps the SLO and one that does not, the one that some price of a miss would choose, again and again. */
  #cheaperThan(keeping: Path): Chosen[] {
    let dear = keeping;
    let cheap = this.#paths.weighing(0)!;
    const first = this.#runPath(cheap);
    const tried = [first];
    if (first.report.slo.met) return tried;
    for (let weight = 0; weight < MOST_WEIGHTS && cheap.misses > dear.misses; weight++) {
      const path = this.#paths.weighing((dear.usd - cheap.usd) / (cheap.misses - dear.misses))!;
      if (areAlike(path, dear) || areAlike(path, cheap)) break;
      const chosen = this.#runPath(path);
      tried.push(chosen);
      if (chosen.report.slo.met) dear = path;
      else cheap = path;
    }
    return tried;
  }

  #runPath({ steps, usd }: Path): Chosen {
    const { facts, rehearsal } = this.#setup;
    const periodS = (this.#toNs - this.#fromNs) / 1e9;
    const config = scheduledConfig(steps, (shape) => startupSecondsOf(shape, facts), periodS);
    const report = rehearsal.run(config, this.#fromNs, this.#toNs);
    return { name: nameOf(steps), config, report, steps, estimatedUsd: usd };
  }

  /** The cheapest deployment that keeps the SLO over the whole stretch. */
  bestStatic(): Chosen | null {
    if (this.#fixed.length === 0) return null;
    const [best] = this.#fixed;
    const report = this.#setup.rehearsal.static(best, this.#fromNs, this.#toNs);
    return { name: inWords(best), config: configOf(best), report, steps: null, estimatedUsd: null };
  }

  #fixedDeployments(): Deployment[] {
    const { shapes, rehearsal, limits, onProgress } = this.#setup;
    onProgress?.('standing still');
    const found = shapes.flatMap((shape, at): Deployment[] => {
      const needed = this.#needs.fewest.flatMap((fewest) => (fewest[at] === null ? [] : [fewest[at]]));
      if (needed.length === 0) return [];
      const guess = shape.pools.map((_, pool) => Math.max(...needed.map((replicas) => replicas[pool])));
      const replicas = rehearsal.fewest(shape, this.#fromNs, this.#toNs, guess, limits);
      return replicas === null ? [] : [{ shape, replicas }];
    });
    return found.sort((a, b) => usdPerHourOf(a) - usdPerHourOf(b));
  }

  /** Of several autoscalers on the cheapest shapes: the cheapest that keeps the SLO, or the one that is good most often. */
  bestAutoscaled(): Chosen | null {
    const { rehearsal, limits, onProgress } = this.#setup;
    let best: Chosen | null = null;
    for (const { shape, replicas } of this.#fixed.slice(0, SCALED_SHAPES)) {
      onProgress?.(`autoscalers on ${shape.name}`);
      for (const { name, planner } of autoscalers(shape, limits.gpus)) {
        const config = { ...configOf({ shape, replicas }), planner };
        const report = rehearsal.run(config, this.#fromNs, this.#toNs);
        const chosen = { name: `${shape.name}, ${name}`, config, report, steps: null, estimatedUsd: null };
        if (best === null || isBetter(report, best.report)) best = chosen;
      }
    }
    return best;
  }

  /** Steps of a schedule added up over this stretch's own segments, as if it had been chosen here. */
  estimate(steps: readonly Step[]): number {
    const lengthS = (this.#toNs - this.#fromNs) / 1e9;
    const running = steps.reduce((usd, step, index) => {
      const toS = Math.min(lengthS, steps[index + 1]?.fromS ?? lengthS);
      return usd + (usdPerHourOf(step) * Math.max(0, toS - step.fromS)) / 3600;
    }, 0);
    return running + this.switchReports(steps).reduce((sum, { estimated_usd }) => sum + usdOf(estimated_usd), 0);
  }

  /** This stretch run with what was chosen, here or elsewhere, once more and in detail. */
  rehearse({ name, config, steps }: Chosen): { readonly report: Report; readonly course: Course } {
    const prediction = this.#setup.rehearsal.predict(config, this.#fromNs, this.#toNs);
    const timetable =
      steps === null
        ? [{ from_s: this.#fromNs / 1e9, deployment: name }]
        : this.#timetable(steps, config.planner!.period_seconds!);
    const course = courseOf(prediction, config.evaluation.slo, this.windows, timetable);
    return { report: prediction.report, course };
  }

  /** Steps by the clock of the workload; `periodS` after which the schedule comes again. */
  #timetable(steps: readonly Step[], periodS: number): Course['timetable'] {
    const lengthS = (this.#toNs - this.#fromNs) / 1e9;
    const rounds = Array.from({ length: Math.ceil(lengthS / periodS) }, (_, round) => round * periodS);
    return rounds
      .flatMap((roundS) => steps.map((step) => ({ fromS: roundS + step.fromS, deployment: inWords(step) })))
      .filter(({ fromS, deployment }, index, all) => fromS < lengthS && all[index - 1]?.deployment !== deployment)
      .map(({ fromS, deployment }) => ({ from_s: this.#fromNs / 1e9 + fromS, deployment }));
  }

  segmentReports(steps: readonly Step[] | null): SegmentReport[] {
    const { shapes } = this.#setup;
    return this.#needs.segments.map(({ stretch, reason }, index) => ({
      ...windowReportOf(stretch),
      reason,
      fewest: Object.fromEntries(shapes.map(({ name }, at) => [name, this.#needs.fewest[index][at]])),
      deployment: steps === null ? null : inWords(stepAt(steps, (stretch.fromNs - this.#fromNs) / 1e9)),
    }));
  }

  /** The last one leads back to the beginning. */
  switchReports(steps: readonly Step[] | null): SwitchReport[] {
    if (steps === null || steps.length < 2) return [];
    return [...steps.slice(1), steps[0]].flatMap((to, index) => {
      const from = steps[index];
      if (areSame(from, to)) return [];
      const segment = this.#segmentAt(to.fromS);
      return [
        {
          at_s: to === steps[0] ? this.#toNs / 1e9 : this.#fromNs / 1e9 + to.fromS,
          from: inWords(from),
          to: inWords(to),
          reason: to === steps[0] ? 'it begins again' : this.#needs.segments[segment].reason,
          estimated_usd: this.#paths.switchCost(from, to, segment),
        },
      ];
    });
  }

  #segmentAt(fromS: number): number {
    const ns = this.#fromNs + fromS * 1e9;
    return Math.max(
      0,
      this.#needs.segments.findLastIndex(({ stretch }) => stretch.fromNs <= ns),
    );
  }
}

export function windowReportOf(stretch: Stretch): WindowReport {
  return {
    from_s: stretch.fromNs / 1e9,
    to_s: stretch.toNs / 1e9,
    requests: stretch.requests,
    requests_per_s: stretch.perS,
    mean_input_tokens: stretch.inputTokens.mean,
    mean_output_tokens: stretch.outputTokens.mean,
    reused_ratio: stretch.reusedRatio,
  };
}

function stepAt(steps: readonly Step[], timeS: number): Step {
  return steps.findLast(({ fromS }) => fromS <= timeS) ?? steps[0];
}

function areAlike(a: Path, b: Path): boolean {
  return (
    a.steps.length === b.steps.length &&
    a.steps.every((step, index) => step.fromS === b.steps[index].fromS && areSame(step, b.steps[index]))
  );
}

function isBetter(report: Report, than: Report): boolean {
  if (report.slo.met !== than.slo.met) return report.slo.met;
  return report.slo.met ? report.cost.usd < than.cost.usd : report.slo.attained_ratio > than.slo.attained_ratio;
}

function nameOf(steps: readonly Step[]): string {
  const kinds = [...new Set(steps.map(inWords))];
  const switches = steps.filter((step, index) => !areSame(step, steps.at(index - 1)!)).length;
  return switches === 0 ? kinds[0] : `${kinds.join(', ')}: ${switches} switches`;
}
