import { exp, log, pow } from './math.ts';
import { Sfc32 } from './sfc32.ts';

const TWO_TO_32 = 4294967296;

/**
 * Random numbers named by (seed, stream, index), never by the order in which streams are made: request 7 draws the same
 * output length whether or not request 6 drew anything. Portable: same numbers on every machine.
 */
export class RandomStream extends Sfc32 {
  /** The polar method makes normals in pairs; NaN when there is none left over. */
  #spareNormal = Number.NaN;

  /** @param index say, the request's number: a whole number up to 2^53; so is `seed`, which may be negative. */
  constructor(seed: number, stream: string, index = 0) {
    if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(index)) {
      throw new Error(`random stream ${stream}: seed ${seed} and index ${index} must be whole numbers`);
    }
    super(foldTo32(seed), foldTo32(index), hashName(stream));
  }

  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    return (high * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** Whole number, uniform in [min, max], both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.uniform() * (max - min + 1));
  }

  /** Exponential with the given mean. */
  exponential(mean: number): number {
    return -mean * log(1 - this.uniform());
  }

  /** Standard normal (Marsaglia's polar method, 1964). */
  normal(): number {
    const spare = this.#spareNormal;
    if (!Number.isNaN(spare)) {
      this.#spareNormal = Number.NaN;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        const scale = Math.sqrt((-2 * log(square)) / square);
        this.#spareNormal = y * scale;
        return x * scale;
      }
    }
  }

  /** Log-normal with the given median; sigma is the standard deviation of its logarithm. */
  lognormal(median: number, sigma: number): number {
    return median * exp(sigma * this.normal());
  }

  /** Gamma with mean shape * scale and variance shape * scale^2 (Marsaglia and Tsang, 2000). */
  gamma(shape: number, scale: number): number {
    if (shape < 1) {
      // Boost: Gamma(a) = Gamma(a + 1) * U^(1/a).
      const boost = pow(1 - this.uniform(), 1 / shape);
      return boost * this.gamma(shape + 1, scale);
    }
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const root = 1 + c * x;
      if (root <= 0) continue;
      const v = root * root * root;
      const u = 1 - this.uniform();
      if (log(u) < 0.5 * x * x + d - d * v + d * log(v)) return d * v * scale;
    }
  }
}

/** A whole number's low 32 bits, stirred with the rest: the identity below 2^32, so neighbours never collide. */
function foldTo32(value: number): number {
  return (value | 0) ^ finalize(Math.floor(value / TWO_TO_32));
}

/** FNV-1a over UTF-16 units, finalized. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return finalize(hash);
}

/** MurmurHash3's 32-bit finalizer (Austin Appleby, public domain): a bijection that keeps 0. */
export function finalize(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
