import { pow } from '../base/math.ts';
import type { BoundIndex } from './stepTimer.ts';

/** Seconds of a pass by what limits them. Operators add into one reused object; nothing here allocates. */
export class PassCost {
  computeS = 0;
  hbmS = 0;
  linkS = 0;
  launchS = 0;

  clear(): void {
    this.computeS = 0;
    this.hbmS = 0;
    this.linkS = 0;
    this.launchS = 0;
  }

  /** Adds the smooth maximum (a^q + b^q)^(1/q) of two overlapping arms, all of it to the larger one. */
  addOverlapped(computeS: number, hbmS: number, sharpness: number, scale: number): void {
    const seconds = scale * smoothMaximum(computeS, hbmS, sharpness);
    if (computeS > hbmS) this.computeS += seconds;
    else this.hbmS += seconds;
  }

  scale(factor: number): void {
    this.computeS *= factor;
    this.hbmS *= factor;
    this.linkS *= factor;
    this.launchS *= factor;
  }

  totalS(): number {
    return this.computeS + this.hbmS + this.linkS + this.launchS;
  }

  /** The largest share, the first of BOUNDS on a tie. */
  bound(): BoundIndex {
    let index: BoundIndex = 0;
    let largest = this.computeS;
    if (this.hbmS > largest) {
      largest = this.hbmS;
      index = 1;
    }
    if (this.linkS > largest) {
      largest = this.linkS;
      index = 2;
    }
    return this.launchS > largest ? 3 : index;
  }
}

/** (a^q + b^q)^(1/q) for a, b >= 0 and q > 1: above the larger arm by at most a factor 2^(1/q). */
export function smoothMaximum(a: number, b: number, sharpness: number): number {
  if (sharpness === 2) return Math.sqrt(a * a + b * b);
  const larger = a > b ? a : b;
  if (larger === 0) return 0;
  const ratio = (a > b ? b : a) / larger;
  return larger * pow(1 + pow(ratio, sharpness), 1 / sharpness);
}
