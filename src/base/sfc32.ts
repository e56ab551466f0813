/** Rounds thrown away after seeding, so that seeds one bit apart give unrelated streams. */
const MIXING_ROUNDS = 16;

/**
 * The sfc32 generator of Chris Doty-Humphrey (PractRand): 128 bits of state, four additions a number, passes PractRand
 * and BigCrush. Whole 32-bit arithmetic only, so the same bits everywhere.
 */
export class Sfc32 {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** Seeds with any three 32-bit words. */
  constructor(a: number, b: number, c: number) {
    this.#a = a | 0;
    this.#b = b | 0;
    this.#c = c | 0;
    for (let round = 0; round < MIXING_ROUNDS; round++) this.uint32();
  }

  /** The next whole number, uniform in [0, 2^32). */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }
}
