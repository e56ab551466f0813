import { describe, expect, it } from 'vitest';
import { arrivalShape } from './arrivalShape.ts';
import { describeWorkload } from './describe.ts';
import { odditiesOf } from './oddities.ts';
import { WorkloadBuilder, type WorkloadRow } from './workloadBuilder.ts';

const S = 1e9;

function oddOf(rows: readonly WorkloadRow[]): string[] {
  const builder = new WorkloadBuilder('rows', 16);
  for (const row of rows) builder.add(row);
  const workload = builder.build();
  return odditiesOf(workload, describeWorkload(workload));
}

/** Two thousand unlike requests, one a second. */
const steady = Array.from({ length: 2000 }, (_, k) => ({
  arrivalNs: k * S,
  inputTokens: 100 + k,
  outputTokens: 10 + k,
  blockIds: [k],
}));

describe('what is odd about a workload', () => {
  it('is nothing about a steady one', () => {
    expect(oddOf(steady)).toEqual([]);
  });

  it('is that it is small, alike, without names', () => {
    expect(oddOf([0, 1, 2].map((k) => ({ arrivalNs: k * S, inputTokens: 50, outputTokens: 7 })))).toEqual([
      'few requests: p99 rests on 1 of them',
      'all prompts have 50 tokens: a benchmark rather than traffic',
      'all answers have 7 tokens: a benchmark rather than traffic',
      'no prompt names its content: prefix caching will find nothing',
    ]);
  });

  it('is a limit that has cut answers', () => {
    const cut = steady.map((row) => ({ ...row, outputTokens: Math.min(row.outputTokens, 1510) }));
    expect(oddOf(cut)).toEqual([
      '25 % of the answers have exactly the largest length, 1510 tokens: a limit has probably cut them',
    ]);
  });

  it('is a pause, and a change of rate', () => {
    const paused = steady.map((row, k) => ({ ...row, arrivalNs: (k < 1500 ? k / 3 : k - 1000 + 60) * S }));
    expect(oddOf(paused)).toEqual([
      'the second half has 0.3 times the arrivals of the first: one rate does not describe it',
      'nobody comes for 60.3 s from 499.7 s on',
    ]);
  });
});

describe('the shape of arrivals', () => {
  const shapeOf = (times: readonly number[]) =>
    arrivalShape({ arrivalNs: Float64Array.from(times), isFollowUp: new Uint8Array(times.length) });

  it('has no variation of gaps for a metronome, and all of one for gaps of 0 and 2', () => {
    expect(shapeOf([0, 10, 20, 30]).gapVariation).toBe(0);
    expect(shapeOf([0, 0, 2, 2, 4]).gapVariation).toBe(1);
  });

  it('counts everybody once, the last one too', () => {
    const { perSlice } = shapeOf(Array.from({ length: 61 }, (_, k) => k));
    expect(perSlice).toEqual([...new Array(59).fill(1), 2]);
  });
});
