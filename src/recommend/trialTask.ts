/** The task module of a search: simulates one candidate, or finds the highest load it holds. Runs in worker threads. */
import { canonicalJson } from '../base/canonicalJson.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { longestRequestOf } from '../config/replicaSpec.ts';
import { shapeWorkload } from '../config/shapeWorkload.ts';
import { highestHeldLoad } from '../search/bisect.ts';
import type { PredictionContext } from '../study/prediction.ts';
import type { Workload } from '../workload/workload.ts';
import { withLoadMultiplied } from './deployment.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { factsFrom, type PlainFacts } from './sharedInput.ts';

export interface TrialShared {
  /** The requests of the source, before load and limits; its columns are on shared memory, so threads do not copy them. */
  readonly source: Workload;
  readonly facts: PlainFacts;
  readonly version: string;
}

export interface TrialJob {
  readonly config: PredictConfig;
  /** `capacity` looks for the highest multiplier of the configuration's load that holds the SLO. */
  readonly kind: 'single' | 'capacity';
  readonly stopEarly: boolean;
}

export interface TrialResult {
  /** Of the given load, or of the highest one held. */
  readonly evaluation: Evaluation;
  readonly multiplier: number;
  /** Held even the heaviest load that was tried, so the limit was not found. */
  readonly limitless: boolean;
  readonly simulations: number;
  readonly passes: number;
  readonly simulationMs: number;
}

/** A trial's search for its highest load: six doublings either way, then to 3 %. */
const CAPACITY_SEARCH = { start: 1, maxDoublings: 6, relativeTolerance: 0.03 };

export function prepare(shared: TrialShared): (job: TrialJob) => TrialResult {
  const context = { facts: factsFrom(shared.facts), version: shared.version, clockMs: () => performance.now() };
  const workloadOf = rememberSome((config: PredictConfig) => {
    return shapeWorkload(shared.source, config.traffic, config.seed, longestRequestOf(config, context.facts));
  });
  return ({ config, kind, stopEarly }) => {
    const trial = new Trial(workloadOf, context, stopEarly);
    return kind === 'single' ? trial.single(config) : trial.capacity(config);
  };
}

class Trial {
  readonly #workloadOf: (config: PredictConfig) => Workload;
  readonly #context: PredictionContext;
  readonly #stopEarly: boolean;
  #simulations = 0;
  #passes = 0;
  #simulationMs = 0;

  constructor(workloadOf: (config: PredictConfig) => Workload, context: PredictionContext, stopEarly: boolean) {
    this.#workloadOf = workloadOf;
    this.#context = context;
    this.#stopEarly = stopEarly;
  }

  single(config: PredictConfig): TrialResult {
    return this.#result(this.#evaluate(config), 1, false);
  }

  capacity(config: PredictConfig): TrialResult {
    const seen = new Map<number, Evaluation>();
    const { held, missed } = highestHeldLoad((load) => {
      const evaluation = this.#evaluate(withLoadMultiplied(config, load));
      seen.set(load, evaluation);
      return evaluation.status === 'full' && evaluation.report.slo.met;
    }, CAPACITY_SEARCH);
    const multiplier = held ?? missed!;
    return this.#result(seen.get(multiplier)!, multiplier, missed === null);
  }

  #evaluate(config: PredictConfig): Evaluation {
    const evaluation = evaluate(config, this.#workloadOf(config), this.#context, this.#stopEarly);
    const isFull = evaluation.status === 'full';
    this.#simulations += 1;
    this.#passes += isFull ? evaluation.report.passes : evaluation.passes;
    this.#simulationMs += isFull ? evaluation.report.wall_ms : evaluation.wallMs;
    return evaluation;
  }

  #result(evaluation: Evaluation, multiplier: number, limitless: boolean): TrialResult {
    return {
      evaluation,
      multiplier,
      limitless,
      simulations: this.#simulations,
      passes: this.#passes,
      simulationMs: this.#simulationMs,
    };
  }
}

/** Workloads kept: a search goes back and forth between a whole trace and its slices. More would cost memory. */
const KEPT = 4;

function rememberSome(make: (config: PredictConfig) => Workload): (config: PredictConfig) => Workload {
  const known = new Map<string, Workload>();
  return (config) => {
    const { load, ...rest } = config.traffic;
    // The simulation applies speed-up and concurrency; the workload is the same for all of them.
    const arrivals = { ...load, speedup: 1, concurrency: 1 };
    const key = canonicalJson({ rest, arrivals, seed: config.seed, context: config.engine.context_length });
    const workload = known.get(key) ?? make(config);
    // The one longest unused goes first.
    known.delete(key);
    known.set(key, workload);
    if (known.size > KEPT) known.delete(known.keys().next().value!);
    return workload;
  };
}
