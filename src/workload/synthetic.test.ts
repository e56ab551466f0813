import { describe, expect, it } from 'vitest';
import { describeWorkload } from './describe.ts';
import { makeSynthetic, type SyntheticOptions } from './synthetic.ts';
import type { Workload } from './workload.ts';

const PLAIN: SyntheticOptions = {
  name: 'plain',
  inputTokens: { type: 'fixed', tokens: 100 },
  outputTokens: { type: 'uniform', min: 5, max: 15 },
  size: { sessions: 2000 },
  sharedPrefix: null,
  sessions: null,
  blockTokens: 16,
};

function idsOf(workload: Workload, request: number): number[] {
  return Array.from(workload.blockIds.subarray(workload.blockOffsets[request], workload.blockOffsets[request + 1]));
}

describe('makeSynthetic', () => {
  it('draws lengths as asked and shares nothing unless told to', () => {
    const workload = makeSynthetic(PLAIN, 1);
    expect(workload.count).toBe(2000);
    expect(new Set(workload.inputTokens)).toEqual(new Set([100]));
    expect(new Set(workload.outputTokens)).toEqual(new Set([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]));
    expect(workload.blockIds).toHaveLength(0);
    expect(Math.abs(describeWorkload(workload).outputTokens.mean - 10)).toBeLessThan(
      (4 * Math.sqrt(10)) / Math.sqrt(2000),
    );
  });

  it('cuts a log-normal to its bounds and keeps its median', () => {
    const inputTokens = { type: 'lognormal', median: 300, sigma: 1, min: 50, max: 2000 } as const;
    const { inputTokens: lengths } = makeSynthetic({ ...PLAIN, inputTokens }, 1);
    const sorted = Array.from(lengths).sort((a, b) => a - b);
    expect([sorted[0], sorted[1999]]).toEqual([50, 2000]);
    // Four standard errors of a median: 1.2533 sigma / sqrt n, on the logarithm.
    expect(Math.abs(Math.log(sorted[1000] / 300))).toBeLessThan((4 * 1.2533) / Math.sqrt(2000));
  });

  it('puts the prefix of a group before the input: sessions of a group share exactly its whole blocks', () => {
    const workload = makeSynthetic({ ...PLAIN, sharedPrefix: { groups: 3, tokens: { type: 'fixed', tokens: 40 } } }, 1);
    expect(new Set(workload.inputTokens)).toEqual(new Set([140]));
    const groups = new Map<number, number>();
    for (let i = 0; i < workload.count; i++) {
      const ids = idsOf(workload, i);
      expect(ids).toHaveLength(Math.ceil(140 / 16));
      groups.set(ids[0], (groups.get(ids[0]) ?? 0) + 1);
    }
    expect(groups.size).toBe(3);
    for (const size of groups.values()) expect(Math.abs(size - 2000 / 3)).toBeLessThan(4 * Math.sqrt(2000 * (2 / 9)));
    // Two whole blocks of 16 in each prefix of 40; the other 7 belong to one request alone.
    expect(workload.blockIdCount).toBe(3 * 2 + 2000 * 7);
  });

  it('makes every prompt of a session the whole conversation so far plus new input, and names what was generated', () => {
    const sessions = {
      turns: { type: 'uniform', min: 1, max: 5 },
      think: { type: 'uniform', min: 1, max: 2 },
    } as const;
    const workload = makeSynthetic({ ...PLAIN, size: { sessions: 300 }, sessions }, 1);
    let turns = 0;
    for (let i = 0; i < workload.count; i++) {
      const next = workload.nextTurn[i];
      if (next < 0) continue;
      turns += 1;
      const text = workload.inputTokens[i] + workload.outputTokens[i];
      expect(workload.inputTokens[next]).toBe(text + 100);
      expect(workload.thinkNs[next]).toBeGreaterThanOrEqual(1e9);
      expect(workload.thinkNs[next]).toBeLessThan(2e9);
      expect(idsOf(workload, i)).toHaveLength(Math.ceil(text / 16));
      expect(idsOf(workload, next).slice(0, Math.ceil(text / 16))).toEqual(idsOf(workload, i));
    }
    expect(workload.isFollowUp.reduce((sum, flag) => sum + flag, 0)).toBe(turns);
    expect(turns).toBeGreaterThan(300);
  });

  it('draws by session number: more sessions, or other outputs, leave the rest as it was', () => {
    const few = makeSynthetic({ ...PLAIN, size: { sessions: 10 } }, 4);
    const lognormal = { type: 'lognormal', median: 50, sigma: 1, min: 1, max: 900 } as const;
    const more = makeSynthetic({ ...PLAIN, inputTokens: lognormal, size: { sessions: 20 } }, 4);
    expect(Array.from(more.outputTokens.subarray(0, 10))).toEqual(Array.from(few.outputTokens));
    expect(Array.from(makeSynthetic(PLAIN, 5).outputTokens.subarray(0, 10))).not.toEqual(Array.from(few.outputTokens));
  });
});
