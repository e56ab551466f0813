import type { Report } from '../metrics/report.ts';
import { cheapestCycle } from './cheapestCycle.ts';
import { areSame, type Deployment, usdPerHourOf } from './deployment.ts';
import type { Needs } from './needs.ts';
import type { Rehearsal } from './rehearsal.ts';
import { MARGIN_S, type Step } from './schedule.ts';
import type { Shape } from './shapes.ts';
import { type SwitchCost, switchCost, usdOf } from './switchCost.ts';

/** A way through the segments and back to the first, as the estimates have it. */
export interface Path {
  readonly steps: readonly Step[];
  /** Running and switching. */
  readonly usd: number;
  /** Requests that are not good. */
  readonly misses: number;
}

/** Finds cheap ways through the segments, by what each deployment costs and misses in each, and what switches cost. */
export class Paths {
  readonly #needs: Needs;
  readonly #shapes: readonly Shape[];
  readonly #rehearsal: Rehearsal;
  readonly #startupS: (shape: Shape) => readonly number[];

  constructor(
    needs: Needs,
    shapes: readonly Shape[],
    rehearsal: Rehearsal,
    startupS: (shape: Shape) => readonly number[],
  ) {
    this.#needs = needs;
    this.#shapes = shapes;
    this.#rehearsal = rehearsal;
    this.#startupS = startupS;
  }

  /** The cheapest that keeps the SLO in every segment, with so many replicas more of each pool than that takes. */
  keeping(headroom: number): Path | null {
    return this.#cheapest(headroom, null);
  }

  /** The cheapest where a request that is not good costs so much. */
  weighing(usdPerMiss: number): Path | null {
    return this.#cheapest(0, usdPerMiss);
  }

  /** Of going from one deployment to another as a segment begins. */
  switchCost(from: Deployment, to: Deployment, segment: number): SwitchCost {
    const { stretch: before } = this.#needs.segments.at(segment - 1)!;
    const { stretch: after } = this.#needs.segments[segment];
    return switchCost(
      from,
      to,
      this.#startupS(to.shape),
      MARGIN_S,
      this.#rehearsal.static(from, before.fromNs, before.toNs),
      this.#rehearsal.static(to, after.fromNs, after.toNs),
    );
  }

  #cheapest(headroom: number, usdPerMiss: number | null): Path | null {
    const { segments } = this.#needs;
    const states = this.#states(headroom);
    const usd = segments.map(({ stretch: { fromNs, toNs } }) =>
      states.map((state) => (usdPerHourOf(state) * (toNs - fromNs)) / 3600e9),
    );
    const misses = segments.map((_, segment) =>
      states.map((state) => this.#misses(state, segment, headroom, usdPerMiss !== null)),
    );
    const stay = usd.map((row, segment) =>
      row.map((own, state) =>
        misses[segment][state] === null ? Number.POSITIVE_INFINITY : own + (usdPerMiss ?? 0) * misses[segment][state],
      ),
    );
    const moves = new Map<number, number>();
    const path = cheapestCycle(stay, (from, to, segment) => {
      if (from === to) return 0;
      const key = (segment * states.length + from) * states.length + to;
      const cost = moves.get(key) ?? usdOf(this.switchCost(states[from], states[to], segment));
      moves.set(key, cost);
      return cost;
    });
    if (path === null) return null;
    const missed = path.states.reduce((sum, state, segment) => sum + misses[segment][state]!, 0);
    return {
      steps: this.#stepsOf(path.states.map((state) => states[state])),
      usd: path.cost - (usdPerMiss ?? 0) * missed,
      misses: missed,
    };
  }

  /** Deployments that some segment needs. */
  #states(headroom: number): Deployment[] {
    return this.#shapes.flatMap((shape, at) => {
      const needed = this.#needs.fewest.flatMap((fewest) => (fewest[at] === null ? [] : [fewest[at]]));
      const distinct = new Map(needed.map((replicas) => [String(replicas), replicas]));
      return [...distinct.values()].map((replicas) => ({ shape, replicas: replicas.map((count) => count + headroom) }));
    });
  }

  /**
   * Requests that are not good: what the fewest that keep the SLO leave, if there are as many. With fewer, down to half, it is simulated where
   * that may be; null: it may not, or too few.
   */
  #misses({ shape, replicas }: Deployment, segment: number, headroom: number, mayMiss: boolean): number | null {
    const { stretch } = this.#needs.segments[segment];
    const fewest = this.#needs.fewest[segment][this.#shapes.indexOf(shape)];
    if (fewest === null) return null;
    if (stretch.requests === 0) return 0;
    const missesOf = ({ requests, slo }: Report): number => requests.submitted * (1 - slo.attained_ratio);
    if (replicas.every((count, pool) => count >= fewest[pool] + headroom)) {
      return missesOf(this.#rehearsal.static({ shape, replicas: fewest }, stretch.fromNs, stretch.toNs));
    }
    if (!mayMiss || replicas.some((count, pool) => 2 * count < fewest[pool])) return null;
    return missesOf(this.#rehearsal.static({ shape, replicas }, stretch.fromNs, stretch.toNs));
  }

  #stepsOf(deployments: readonly Deployment[]): Step[] {
    const { segments } = this.#needs;
    const [{ stretch: first }] = segments;
    const steps = deployments.map((deployment, index) => ({
      ...deployment,
      fromS: (segments[index].stretch.fromNs - first.fromNs) / 1e9,
    }));
    return steps.filter((step, index) => index === 0 || !areSame(step, steps[index - 1]));
  }
}
