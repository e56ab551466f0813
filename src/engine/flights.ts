import type { Flight } from './flight.ts';

/** The passes in flight, oldest first: a ring of as many as there may be. */
export class Flights {
  readonly #ring: readonly Flight[];
  #oldest = 0;
  size = 0;

  constructor(ring: readonly Flight[]) {
    this.#ring = ring;
  }

  /** As many as there may be. */
  get depth(): number {
    return this.#ring.length;
  }

  get isFull(): boolean {
    return this.size === this.#ring.length;
  }

  /** The one `age` places behind the oldest, 0 <= age < depth; those past `size` are vacant. */
  at(age: number): Flight {
    const index = this.#oldest + age;
    return this.#ring[index < this.#ring.length ? index : index - this.#ring.length];
  }

  get oldest(): Flight {
    return this.#ring[this.#oldest];
  }

  get newest(): Flight {
    return this.at(this.size - 1);
  }

  /** The vacant one that goes next. */
  get vacant(): Flight {
    return this.at(this.size);
  }

  removeOldest(): void {
    this.size -= 1;
    this.#oldest = this.#oldest + 1 === this.#ring.length ? 0 : this.#oldest + 1;
  }
}
