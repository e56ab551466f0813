import type { RandomStream } from '../base/random.ts';

/** Something that happens by chance and lasts: exponential with mean `meanUpNs` from the end of one spell to the next, `lengthNs` each. */
export interface SpellSpec {
  readonly meanUpNs: number;
  /** At least 1. */
  readonly lengthNs: number;
  readonly factor: number;
}

/** The spells of one replica or node, drawn from its stream alone. */
export class Spells {
  /** When the next one begins, or the present one ends. */
  nextNs: number;
  isOn = false;
  readonly #stream: RandomStream;
  readonly #spec: SpellSpec;

  constructor(stream: RandomStream, spec: SpellSpec) {
    this.#stream = stream;
    this.#spec = spec;
    this.nextNs = this.#upNs();
  }

  /** The spec's factor during a spell, else 1. */
  get factor(): number {
    return this.isOn ? this.#spec.factor : 1;
  }

  passTo(nowNs: number): void {
    while (this.nextNs <= nowNs) {
      this.isOn = !this.isOn;
      this.nextNs += this.isOn ? this.#spec.lengthNs : this.#upNs();
    }
  }

  #upNs(): number {
    return Math.max(1, Math.round(this.#stream.exponential(this.#spec.meanUpNs)));
  }
}
