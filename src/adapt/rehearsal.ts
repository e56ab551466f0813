import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { Report } from '../metrics/report.ts';
import { predict } from '../study/prediction.ts';
import type { Workload } from '../workload/workload.ts';
import { type Shape, withReplicas } from './shapes.ts';
import type { Scissors } from './windows.ts';

/** Simulates deployments on stretches of the workload, each pair once. */
export class Rehearsal {
  simulations = 0;
  readonly #scissors: Scissors;
  readonly #facts: Facts;
  readonly #version: string;
  readonly #stretches = new Map<string, Workload>();
  readonly #known = new Map<string, Report>();

  constructor(scissors: Scissors, facts: Facts, version: string) {
    this.#scissors = scissors;
    this.#facts = facts;
    this.#version = version;
  }

  /** A configuration from the beginning of a stretch to its end, with cold caches. */
  run(config: PredictConfig, fromNs: number, toNs: number): Report {
    this.simulations += 1;
    const context = { facts: this.#facts, version: this.#version, clockMs: () => 0 };
    return predict(config, this.#stretch(fromNs, toNs), context).report;
  }

  static(shape: Shape, replicas: number, fromNs: number, toNs: number): Report {
    const key = `${shape.name} ${replicas} ${fromNs} ${toNs}`;
    const report = this.#known.get(key) ?? this.run(withReplicas(shape.config, replicas), fromNs, toNs);
    this.#known.set(key, report);
    return report;
  }

  /** Fewest replicas that meet the SLO, looked for from `guess` on; null if as many as there may be do not. More never do worse. */
  fewest(shape: Shape, fromNs: number, toNs: number, guess: number): number | null {
    const meets = (replicas: number): boolean => this.static(shape, replicas, fromNs, toNs).slo.met;
    const most = shape.mostReplicas;
    if (most < 1) return null;
    let failing = 0;
    let meeting = most + 1;
    for (let step = 1, at = Math.max(1, Math.min(guess, most)); failing === 0 || meeting > most; step *= 2) {
      if (meets(at)) meeting = at;
      else failing = at;
      if (failing === most) return null;
      if (meeting === 1) return 1;
      if (failing > 0 && meeting <= most) break;
      at = meeting <= most ? Math.max(1, meeting - step) : Math.min(most, failing + step);
    }
    while (meeting - failing > 1) {
      const middle = (failing + meeting) >> 1;
      if (meets(middle)) meeting = middle;
      else failing = middle;
    }
    return meeting;
  }

  #stretch(fromNs: number, toNs: number): Workload {
    const key = `${fromNs} ${toNs}`;
    const workload = this.#stretches.get(key) ?? this.#scissors.cut(fromNs, toNs);
    this.#stretches.set(key, workload);
    return workload;
  }
}
