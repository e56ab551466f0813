import type { StepTimer } from '../timing/stepTimer.ts';
import type { FaultSpec } from './faultSpec.ts';
import type { Spells } from './spells.ts';

type Straggler = FaultSpec['stragglers'][number];

/** The timer of a replica that is slow for some time. What overlaps multiplies. */
export class Pace implements StepTimer {
  readonly window: number;
  /** When it changes next; Infinity = never again. */
  nextNs = 0;
  readonly #timer: StepTimer;
  readonly #stragglers: readonly Straggler[];
  readonly #spells: Spells | null;
  #factor = 1;

  /** `spells`: it is slow by chance, too. */
  constructor(timer: StepTimer, stragglers: readonly Straggler[], spells: Spells | null) {
    this.window = timer.window;
    this.#timer = timer;
    this.#stragglers = stragglers;
    this.#spells = spells;
    this.change(0);
  }

  /** Takes the pace of this moment. */
  change(nowNs: number): void {
    this.#spells?.passTo(nowNs);
    this.#factor = this.#spells?.factor ?? 1;
    this.nextNs = this.#spells?.nextNs ?? Number.POSITIVE_INFINITY;
    for (const { factor, atNs = 0, untilNs = Number.POSITIVE_INFINITY } of this.#stragglers) {
      if (atNs <= nowNs && nowNs < untilNs) this.#factor *= factor;
      for (const ns of [atNs, untilNs]) if (ns > nowNs) this.nextNs = Math.min(this.nextNs, ns);
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
