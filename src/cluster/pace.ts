import type { StepTimer } from '../timing/stepTimer.ts';
import type { FaultSpec } from './faultSpec.ts';

type Straggler = FaultSpec['stragglers'][number];

/** The timer of a replica that is slow for some time. What overlaps multiplies. */
export class Pace implements StepTimer {
  readonly window: number;
  /** When it changes. */
  readonly changesNs: readonly number[];
  readonly #timer: StepTimer;
  readonly #stragglers: readonly Straggler[];
  #factor = 1;

  constructor(timer: StepTimer, stragglers: readonly Straggler[]) {
    this.window = timer.window;
    this.#timer = timer;
    this.#stragglers = stragglers;
    this.changesNs = [
      ...new Set(stragglers.flatMap(({ atNs = 0, untilNs = Number.POSITIVE_INFINITY }) => [atNs, untilNs])),
    ].filter((ns) => ns > 0);
    this.change(0);
  }

  /** Takes the pace of this moment. */
  change(nowNs: number): void {
    this.#factor = 1;
    for (const { factor, atNs = 0, untilNs = Number.POSITIVE_INFINITY } of this.#stragglers) {
      if (atNs <= nowNs && nowNs < untilNs) this.#factor *= factor;
    }
  }

  passNs(shape: Parameters<StepTimer['passNs']>[0]): number {
    return this.#slowed(this.#timer.passNs(shape));
  }

  decodeNs(sequences: number, context: number, windowed: number): number {
    return this.#slowed(this.#timer.decodeNs(sequences, context, windowed));
  }

  boundOf(shape: Parameters<StepTimer['boundOf']>[0]): ReturnType<StepTimer['boundOf']> {
    return this.#timer.boundOf(shape);
  }

  addFamilies(...[shape, families]: Parameters<NonNullable<StepTimer['addFamilies']>>): void {
    this.#timer.addFamilies?.(shape, families);
  }

  #slowed(ns: number): number {
    return this.#factor === 1 ? ns : Math.max(1, Math.round(this.#factor * ns));
  }
}
