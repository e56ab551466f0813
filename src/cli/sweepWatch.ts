import { closeSync, openSync, writeSync } from 'node:fs';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { metricValue } from '../metrics/metricNames.ts';
import type { TrialJob, TrialResult } from '../recommend/trialTask.ts';
import { unwritable } from '../report/writeFiles.ts';
import { nonDominated } from '../search/pareto.ts';
import type { Trial } from '../study/trial.ts';

type Objectives = RecommendConfig['goal']['objectives'];

/** What a running sweep has done, and a line of JSON for each trial where a file is asked for. */
export class SweepWatch {
  readonly #objectives: Objectives;
  readonly #startedMs = performance.now();
  readonly #file: number | null;
  #frontier: (readonly number[])[] = [];
  #trials = 0;
  #passes = 0;

  /** @throws InputError when the file of events cannot be written */
  constructor(objectives: Objectives, events: string | undefined) {
    this.#objectives = objectives;
    this.#file = events === undefined ? null : open(events);
    this.#write({ event: 'start', objectives });
  }

  readonly onSettled = (trial: Trial<TrialResult>, job: TrialJob): void => {
    if (trial.status !== 'done' && trial.status !== 'failed') return;
    this.#trials += 1;
    const result = trial.status === 'done' ? trial.result : null;
    this.#passes += result?.passes ?? 0;
    const values = this.#enter(result);
    this.#write({
      event: 'trial',
      status: result === null ? 'failed' : result.evaluation.status,
      message: trial.status === 'failed' ? trial.message : undefined,
      passes: result?.passes,
      config_hash: result?.evaluation.status === 'full' ? result.evaluation.report.config_hash : undefined,
      objectives: values ?? undefined,
      on_frontier: values !== null && this.#frontier.includes(values),
      trials: this.#trials,
      kind: job.kind,
    });
  };

  /** `81 trials/s, 1.3 M passes/s, 7 on the frontier`. */
  inWords(): string {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const rate = (count: number): string => {
      const perSecond = count / seconds;
      return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(1)} M` : perSecond.toFixed(perSecond < 10 ? 1 : 0);
    };
    return `${rate(this.#trials)} trials/s, ${rate(this.#passes)} passes/s, ${this.#frontier.length} on the frontier`;
  }

  close(): void {
    this.#write({ event: 'end', trials: this.#trials, passes: this.#passes, frontier: this.#frontier });
    if (this.#file !== null) closeSync(this.#file);
  }

  /** The objectives of a trial that met its SLO; the frontier takes them in. */
  #enter(result: TrialResult | null): readonly number[] | null {
    if (result === null || result.evaluation.status !== 'full') return null;
    const { report } = result.evaluation;
    const values = this.#objectives.map(({ metric }) => metricValue(report, metric));
    if (!report.slo.met) return values;
    const points = [...this.#frontier, values];
    const directions = this.#objectives.map(({ direction }) => direction);
    this.#frontier = nonDominated(points, directions).map((index) => points[index]);
    return values;
  }

  #write(event: object): void {
    if (this.#file === null) return;
    const time_ms = Math.round(performance.now() - this.#startedMs);
    writeSync(this.#file, `${JSON.stringify({ time_ms, ...event })}\n`);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw unwritable('--events', path, error);
  }
}
