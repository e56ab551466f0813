import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { Report } from '../metrics/report.ts';
import { type Prediction, predict } from '../study/prediction.ts';
import type { Workload } from '../workload/workload.ts';
import { configOf, type Deployment, gpusOf, usdPerHourOf } from './deployment.ts';
import { fewestReplicas } from './fewest.ts';
import type { Shape } from './shapes.ts';
import type { Scissors } from './windows.ts';

/** What no deployment may exceed. */
export interface Limits {
  readonly gpus: number;
  readonly usdPerHour: number;
}

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
  predict(config: PredictConfig, fromNs: number, toNs: number): Prediction {
    this.simulations += 1;
    const context = { facts: this.#facts, version: this.#version, clockMs: () => 0 };
    return predict(config, this.#stretch(fromNs, toNs), context);
  }

  run(config: PredictConfig, fromNs: number, toNs: number): Report {
    return this.predict(config, fromNs, toNs).report;
  }

  static(deployment: Deployment, fromNs: number, toNs: number): Report {
    const key = `${deployment.shape.name} ${deployment.replicas} ${fromNs} ${toNs}`;
    const report = this.#known.get(key) ?? this.run(configOf(deployment), fromNs, toNs);
    this.#known.set(key, report);
    return report;
  }

  /** Fewest replicas that meet the SLO, looked for from a guess on; null if there are none within the limits. */
  fewest(shape: Shape, fromNs: number, toNs: number, guess: readonly number[], limits: Limits) {
    return fewestReplicas(
      guess,
      (replicas) => this.static({ shape, replicas }, fromNs, toNs).slo.met,
      (replicas) =>
        gpusOf({ shape, replicas }) <= limits.gpus && usdPerHourOf({ shape, replicas }) <= limits.usdPerHour + 1e-9,
      (replicas) => usdPerHourOf({ shape, replicas }),
    );
  }

  #stretch(fromNs: number, toNs: number): Workload {
    const key = `${fromNs} ${toNs}`;
    const workload = this.#stretches.get(key) ?? this.#scissors.cut(fromNs, toNs);
    this.#stretches.set(key, workload);
    return workload;
  }
}
