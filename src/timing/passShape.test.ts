import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PassShape } from './passShape.ts';

const chunk = fc.record({ prefix: fc.nat(300), tokens: fc.integer({ min: 1, max: 200 }) });

it('counts causal pairs, windowed pairs and keys read as a loop over queries and keys does', () => {
  fc.assert(
    fc.property(fc.array(chunk, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 150 }), (chunks, window) => {
      const shape = new PassShape(window);
      let pairs = 0;
      let windowedPairs = 0;
      let windowedKeys = 0;
      for (const { prefix, tokens } of chunks) {
        shape.addChunk(prefix, tokens, true);
        const keys = new Set<number>();
        for (let query = prefix; query < prefix + tokens; query++) {
          for (let key = 0; key <= query; key++) {
            pairs += 1;
            if (query - key >= window) continue;
            windowedPairs += 1;
            keys.add(key);
          }
        }
        windowedKeys += keys.size;
      }
      expect(shape.chunkPairs).toBe(pairs);
      expect(shape.chunkPairsWindowed).toBe(windowedPairs);
      expect(shape.chunkContextWindowed).toBe(windowedKeys);
      expect(shape.chunkContext).toBe(chunks.reduce((sum, { prefix, tokens }) => sum + prefix + tokens, 0));
      expect(shape.sampled).toBe(chunks.length);
    }),
    { numRuns: 40 },
  );
});

it('counts a prompt cut into chunks as the whole prompt', () => {
  const whole = new PassShape(64);
  whole.addChunk(0, 1000, true);
  const cut = new PassShape(64);
  cut.addChunk(0, 300, false);
  cut.addChunk(300, 700, true);
  expect([cut.chunkTokens, cut.chunkPairs, cut.chunkPairsWindowed, cut.sampled]).toEqual([
    whole.chunkTokens,
    whole.chunkPairs,
    whole.chunkPairsWindowed,
    whole.sampled,
  ]);
});

it('replaces its decodes and keeps the samples of chunks', () => {
  const shape = new PassShape(0);
  shape.addChunk(0, 10, true);
  shape.setDecodes(5, 500, 0);
  shape.setDecodes(3, 300, 0);
  expect([shape.decodes, shape.decodeContext, shape.sampled]).toEqual([3, 300, 4]);
  shape.clear();
  expect(shape).toEqual(new PassShape(0));
});
