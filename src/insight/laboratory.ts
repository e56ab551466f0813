import { canonicalJson } from '../base/canonicalJson.ts';
import { InputError } from '../base/inputError.ts';
import { buildScenario } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import { parsePredict } from '../config/loadPredict.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { contextLengthOf } from '../config/replicaSpec.ts';
import { shapeWorkload } from '../config/shapeWorkload.ts';
import { writeYaml } from '../config/writeYaml.ts';
import type { Report } from '../metrics/report.ts';
import { BAND_RUNS, errorBandOf } from '../study/errorBand.ts';
import { predict } from '../study/prediction.ts';
import type { Workload } from '../workload/workload.ts';

/** What is changed about the world rather than about the deployment. */
export interface Conditions {
  /** Of the trial's name: equal names mean equal conditions. */
  readonly name: string;
  readonly facts?: Facts;
  readonly workload?: (workload: Workload) => Workload;
}

const AS_THEY_ARE: Conditions = { name: '' };

/** Simulates variants of deployments on one source of requests; none twice. */
export class Laboratory {
  readonly #source: Workload;
  readonly #facts: Facts;
  readonly #version: string;
  readonly #budget: number;
  readonly #reports = new Map<string, Report | null>();
  #simulations = 0;
  #passes = 0;
  #isSpent = false;

  /**
   * @param source the requests before load and limits.
   * @param budget passes after which nothing more is simulated: what is asked for then counts as impossible.
   */
  constructor(source: Workload, facts: Facts, version: string, budget = Number.POSITIVE_INFINITY) {
    this.#source = source;
    this.#facts = facts;
    this.#version = version;
    this.#budget = budget;
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** `truncated` when the budget left something out. */
  get effort(): { readonly simulations: number; readonly passes: number; readonly truncated: boolean } {
    return { simulations: this.#simulations, passes: this.#passes, truncated: this.#isSpent };
  }

  workloadOf(config: PredictConfig): Workload {
    return shapeWorkload(this.#source, config.traffic, config.seed, contextLengthOf(config, this.#facts));
  }

  /** The report of a deployment; null when it cannot exist: an illegal shape, no memory, nothing to measure. */
  report(config: PredictConfig, conditions = AS_THEY_ARE): Report | null {
    const key = `${conditions.name} ${canonicalJson(config)}`;
    let report = this.#reports.get(key);
    if (report === undefined) {
      if (this.#passes >= this.#budget) {
        this.#isSpent = true;
        return null;
      }
      report = this.#simulate(config, conditions);
      this.#reports.set(key, report);
    }
    return report;
  }

  /** KV pages that each pool's replicas would have, in order of the pools; null when it cannot exist. */
  blocksOf(config: PredictConfig): number[] | null {
    return orNull(() =>
      buildScenario(config, this.workloadOf(config), this.#facts).scenario.pools.map(({ engine }) => engine.blocks),
    );
  }

  /**
   * By headline metric, where 80 % of real servers are expected; null where the timing has no measured errors, or the
   * budget is spent.
   */
  timingRanges(config: PredictConfig): Readonly<Record<string, readonly [low: number, high: number]>> | null {
    const report = this.report(config);
    if (report === null || this.#passes >= this.#budget) {
      this.#isSpent = report !== null;
      return null;
    }
    const context = { facts: this.#facts, version: this.#version, clockMs: () => 0 };
    const workload = this.workloadOf(config);
    return orNull(() => {
      const { pools } = buildScenario(config, workload, this.#facts);
      const { intervals } = errorBandOf(config, workload, context, { report, pools });
      if (intervals !== null) {
        this.#simulations += BAND_RUNS;
        this.#passes += BAND_RUNS * report.passes;
      }
      return intervals;
    });
  }

  #simulate(config: PredictConfig, { facts = this.#facts, workload = (same) => same }: Conditions): Report | null {
    return orNull(() => {
      // A resolved configuration that was edited is checked as a file of a user's would be.
      parsePredict(writeYaml(config), 'variant', [], facts);
      const { report } = predict(config, workload(this.workloadOf(config)), {
        facts,
        version: this.#version,
        clockMs: () => 0,
      });
      this.#simulations += 1;
      this.#passes += report.passes;
      return report;
    });
  }
}

function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}
