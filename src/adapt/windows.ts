import { describeWorkload } from '../workload/describe.ts';
import { keptRequests } from '../workload/keptRequests.ts';
import type { Workload } from '../workload/workload.ts';

/** A stretch of time, and what arrives in it. Sessions belong to the stretch they begin in. */
export interface Stretch {
  readonly fromNs: number;
  readonly toNs: number;
  readonly requests: number;
  readonly perS: number;
  readonly inputTokens: Spread;
  readonly outputTokens: Spread;
  /** Share of prompt tokens that a cache of any size, empty at the beginning, would hold. */
  readonly reusedRatio: number;
}

export interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

/** Cuts workloads by the time sessions begin. */
export class Scissors {
  readonly workload: Workload;
  /** By request: when its session begins. */
  readonly #startNs: Float64Array;
  readonly endNs: number;

  constructor(workload: Workload) {
    this.workload = workload;
    this.#startNs = Float64Array.from(workload.arrivalNs);
    let endNs = 0;
    for (let request = 0; request < workload.count; request++) {
      endNs = Math.max(endNs, this.#startNs[request]);
      const next = workload.nextTurn[request];
      if (next >= 0) this.#startNs[next] = this.#startNs[request];
    }
    this.endNs = endNs + 1;
  }

  /** The sessions that begin in [from, to), the clock at 0 when the stretch begins. */
  cut(fromNs: number, toNs: number): Workload {
    return keptRequests(
      this.workload,
      (request) => this.#startNs[request] >= fromNs && this.#startNs[request] < toNs,
      () => fromNs,
    );
  }

  measure(fromNs: number, toNs: number): Stretch {
    const workload = this.cut(fromNs, toNs);
    const { count } = workload;
    return {
      fromNs,
      toNs,
      requests: count,
      perS: (count / (toNs - fromNs)) * 1e9,
      inputTokens: spreadOf(workload.inputTokens),
      outputTokens: spreadOf(workload.outputTokens),
      reusedRatio: count === 0 ? 0 : describeWorkload(workload).reusedTokenRatio,
    };
  }

  /** Windows of equal length; the last one may be shorter. */
  windows(fromNs: number, toNs: number, lengthNs: number): Stretch[] {
    const count = Math.max(1, Math.ceil((toNs - fromNs) / lengthNs - 1e-9));
    return Array.from({ length: count }, (_, window) =>
      this.measure(fromNs + window * lengthNs, Math.min(toNs, fromNs + (window + 1) * lengthNs)),
    );
  }
}

function spreadOf(values: Int32Array): Spread {
  if (values.length === 0) return { mean: 0, deviation: 0 };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: Math.sqrt(squares / values.length) };
}
