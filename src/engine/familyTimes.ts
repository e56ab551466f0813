import { FAMILIES, FamilySeconds } from '../timing/families.ts';
import type { PassShape } from '../timing/passShape.ts';
import type { StepTimer } from '../timing/stepTimer.ts';

/** Busy time before the first look, ns. */
const FIRST_NS = 1e6;
/** Looks in the time since the beginning: each stands for no more than this share of a run. */
const LOOKS = 64;

/**
 * What families of formulas the time of a worker's passes is made of, by looks at the pass that runs at certain moments of its
 * busy time. They lie the further apart the longer the run is: some hundred looks an hour cost nothing beside the passes, and
 * none stands for more than a 64th of the whole.
 */
export class FamilyTimes {
  /** Looked-at busy time by index into FAMILIES, ns; and of it by default constants. */
  readonly ns = FAMILIES.map(() => 0);
  defaultNs = 0;
  /** Busy time at the next look. */
  nextNs = FIRST_NS;
  #lastNs = 0;
  readonly #seconds = new FamilySeconds();

  /** `busyNs` >= `nextNs` of busy time have gone by, the last of them in a pass (or a run of passes) of such a shape. */
  look(timer: StepTimer, shape: PassShape, busyNs: number): void {
    const families = this.#seconds;
    families.clear();
    timer.addFamilies?.(shape, families);
    const totalS = families.totalS();
    // One look after the other: sums are then the same however many passes are told at once.
    while (this.nextNs <= busyNs) {
      if (totalS > 0) this.#add((this.nextNs - this.#lastNs) / totalS);
      this.#lastNs = this.nextNs;
      this.nextNs += Math.max(FIRST_NS, Math.floor(this.nextNs / LOOKS));
    }
  }

  #add(share: number): void {
    const { seconds, defaultS } = this.#seconds;
    for (let family = 0; family < this.ns.length; family++) this.ns[family] += share * seconds[family];
    this.defaultNs += share * defaultS;
  }
}
