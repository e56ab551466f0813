import { describe, expect, it } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { Spells } from './spells.ts';

describe('spells', () => {
  it('last as long as they shall, with exponential times in between', () => {
    const spells = new Spells(new RandomStream(7, 'spells'), { meanUpNs: 1000, lengthNs: 40, factor: 3 });
    const upNs: number[] = [];
    let nowNs = 0;
    for (let spell = 0; spell < 4000; spell++) {
      const beginNs = spells.nextNs;
      upNs.push(beginNs - nowNs);
      expect([spells.isOn, spells.factor]).toEqual([false, 1]);
      spells.passTo(beginNs);
      expect([spells.isOn, spells.factor, spells.nextNs]).toEqual([true, 3, beginNs + 40]);
      nowNs = spells.nextNs;
      spells.passTo(nowNs);
    }
    const mean = upNs.reduce((sum, ns) => sum + ns, 0) / upNs.length;
    const variance = upNs.reduce((sum, ns) => sum + (ns - mean) ** 2, 0) / upNs.length;
    // Mean and deviation are 1,000; four standard errors of 4,000 draws are 63, those of the deviation 90.
    expect(Math.abs(mean - 1000)).toBeLessThan(63);
    expect(Math.abs(Math.sqrt(variance) - 1000)).toBeLessThan(90);
  });

  it('are where they are however time is passed', () => {
    const make = () => new Spells(new RandomStream(3, 'spells'), { meanUpNs: 500, lengthNs: 77, factor: 2 });
    const inSteps = make();
    for (let ns = 0; ns <= 50_000; ns += 13) inSteps.passTo(ns);
    const atOnce = make();
    atOnce.passTo(50_000);
    inSteps.passTo(50_000);
    expect([atOnce.isOn, atOnce.nextNs]).toEqual([inSteps.isOn, inSteps.nextNs]);
  });
});
