import { describe, expect, it } from 'vitest';
import type { StepTimer } from '../timing/stepTimer.ts';
import { type MeanRequest, type SketchSide, sketchOf } from './sketch.ts';

/** Every pass takes 10 ms, and a microsecond more for each prompt token. */
const timer: StepTimer = {
  window: 0,
  passNs: ({ chunkTokens }) => 10_000_000 + 1000 * chunkTokens,
  decodeNs: () => 10_000_000,
  boundOf: () => 0,
};
const side: SketchSide = {
  role: 'aggregated',
  replicas: 2,
  gpus: 2,
  timer,
  maxSequences: 10,
  maxBatchedTokens: 2000,
  kvTokens: 1_000_000,
  reusesPrefixes: true,
};
const request: MeanRequest = { inputTokens: 1000, outputTokens: 100, novelShare: 0 };
const closed = (concurrency: number) => ({ type: 'concurrency', concurrency }) as const;
const open = { type: 'poisson', requests_per_second: 4 } as const;

describe('a sketch of passes of 10 ms', () => {
  it('shares the slots of a closed loop out among replicas, one token a slot and pass', () => {
    const sketch = sketchOf([side], closed(8), 0, request);
    expect(sketch).toMatchObject({ batch: 4, tpotMs: 10, outputTokensPerS: 800 });
    // 15 slots a replica have room for 10: the other 5 wait for half a request each.
    const crowded = sketchOf([side], closed(30), 0, request);
    expect(crowded).toMatchObject({ batch: 10, outputTokensPerS: 2000 });
    expect(crowded.ttftMs - sketch.ttftMs).toBeCloseTo((5 * 100) / 1, 6);
  });

  it('decodes in an open loop what arrives in the time a request takes', () => {
    // 2 requests a second and replica, 100 passes of 10 ms each: 2 at a time of the 10 there is room for.
    const sketch = sketchOf([side], open, 4, request);
    expect(sketch).toMatchObject({ batch: 2, outputTokensPerS: 400, tpotMs: 10 });
    expect(sketch.utilisation).toBeCloseTo(0.2, 9);
    expect(sketchOf([side], open, 40, request)).toMatchObject({ utilisation: 2, outputTokensPerS: 2000 });
  });

  it('charges prompts that are new: 10 tokens of one with every decoded token', () => {
    const fresh = { ...request, novelShare: 1 };
    expect(sketchOf([side], closed(8), 0, fresh).tpotMs).toBeCloseTo(10.04, 9);
    expect(sketchOf([{ ...side, reusesPrefixes: false }], closed(8), 0, request).tpotMs).toBeCloseTo(10.04, 9);
    // A budget of 20 tokens leaves 16 beside 4 decodes, and 4 prompts need 40: decodes are held up.
    const { outputTokensPerS, tpotMs } = sketchOf([{ ...side, maxBatchedTokens: 20 }], closed(8), 0, fresh);
    expect(outputTokensPerS).toBeCloseTo((2 * 1.6) / 0.010016, 6);
    expect(tpotMs).toBeCloseTo((4 / 1.6) * 10.016, 6);
  });

  it('keeps the sides of a split deployment apart', () => {
    const [prefill, decode] = [
      { ...side, role: 'prefill', replicas: 1 } as const,
      { ...side, role: 'decode' } as const,
    ];
    const sketch = sketchOf([prefill, decode], open, 4, { ...request, novelShare: 1 });
    // A prompt takes one pass of 11 ms; 4 a second keep its replica busy for 4.4 %, the decodes their two for 20 %.
    expect(sketch.tpotMs).toBe(10);
    expect(sketch.utilisation).toBeCloseTo(0.2, 9);
    expect(sketch.ttftMs).toBeCloseTo(11 / 0.8, 6);
  });
});
