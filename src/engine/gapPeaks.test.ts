import fc from 'fast-check';
import { expect, it } from 'vitest';
import { GapPeaks } from './gapPeaks.ts';

it('knows the longest of the last passes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 200 }), fc.nat(210), (lengths, from) => {
      const peaks = new GapPeaks();
      lengths.forEach((ns, pass) => {
        peaks.push(pass, ns);
      });
      expect(peaks.maxSince(from)).toBe(Math.max(0, ...lengths.slice(from)));
    }),
  );
});
