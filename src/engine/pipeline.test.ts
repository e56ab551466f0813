import { describe, expect, it } from 'vitest';
import { Pipeline } from './pipeline.ts';

describe('passes on the stages of a pipeline', () => {
  it('take n passes of equal duration d through p stages in d + (n - 1) d / p', () => {
    for (const stages of [1, 2, 4, 5]) {
      const pipeline = new Pipeline(stages);
      let endNs = 0;
      for (let pass = 0; pass < 7; pass++) endNs = pipeline.launch(0, 1000);
      expect(endNs).toBe(1000 + (6 * 1000) / stages);
      expect(pipeline.startNs(0)).toBe((7 * 1000) / stages);
    }
  });

  it('last their whole duration alone, however it divides', () => {
    for (const durationNs of [1, 2, 3, 7, 100, 101])
      expect(new Pipeline(4).launch(50, durationNs)).toBe(50 + durationNs);
  });

  it('wait for a slow one in front, and fill up again behind it', () => {
    const pipeline = new Pipeline(2);
    // Stages are left at 50 and 100; a short pass is held up at the second; a late one finds both free.
    expect(pipeline.launch(0, 100)).toBe(100);
    expect(pipeline.launch(0, 10)).toBe(105);
    expect(pipeline.startNs(0)).toBe(55);
    expect(pipeline.launch(200, 10)).toBe(210);
  });
});
