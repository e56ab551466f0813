import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ArrivalProcess, retimeArrivals, spreadUniform, withoutClock } from './arrivals.ts';
import type { Workload } from './workload.ts';
import { WorkloadBuilder } from './workloadBuilder.ts';

function buildAt(arrivals: readonly number[], sessions: readonly (string | undefined)[] = []): Workload {
  const builder = new WorkloadBuilder('test', 16);
  arrivals.forEach((arrivalNs, i) => {
    const session = sessions[i];
    builder.add({ arrivalNs, inputTokens: i + 1, outputTokens: 1, ...(session === undefined ? {} : { session }) });
  });
  return builder.build();
}

function firstTurns(workload: Workload): number[] {
  return Array.from(workload.arrivalNs).filter((_, i) => workload.isFollowUp[i] === 0);
}

describe('spreadUniform', () => {
  it('keeps the order, stays within each tick, touches nothing else', () => {
    const ticks = fc.array(
      fc.record({ gap: fc.integer({ min: 1, max: 5000 }), requests: fc.integer({ min: 1, max: 6 }) }),
      {
        minLength: 2,
        maxLength: 12,
      },
    );
    fc.assert(
      fc.property(ticks, fc.nat(), (authored, seed) => {
        let time = 0;
        const arrivals = authored.flatMap(({ gap, requests }) => {
          time += gap;
          return new Array<number>(requests).fill(time);
        });
        const before = buildAt(arrivals);
        const after = spreadUniform(before, seed);
        const distinct = [...new Set(before.arrivalNs)];
        const gaps = distinct.slice(1).map((tick, i) => tick - distinct[i]);
        const median = gaps.sort((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)];
        for (let i = 0; i < before.count; i++) {
          const tick = before.arrivalNs[i];
          const end = distinct[distinct.indexOf(tick) + 1] ?? tick + median;
          expect(Number.isInteger(after.arrivalNs[i])).toBe(true);
          expect(after.arrivalNs[i]).toBeGreaterThanOrEqual(tick);
          expect(after.arrivalNs[i]).toBeLessThan(end);
          if (i > 0) expect(after.arrivalNs[i]).toBeGreaterThanOrEqual(after.arrivalNs[i - 1]);
        }
        expect(Array.from(after.inputTokens)).toEqual(Array.from(before.inputTokens));
        expect(spreadUniform(before, seed).digest).toBe(after.digest);
      }),
    );
  });

  it('fills the ticks evenly', () => {
    const arrivals = Array.from({ length: 40_000 }, (_, i) => Math.floor(i / 20) * 3e9);
    const after = spreadUniform(buildAt(arrivals), 5);
    const counts = new Array<number>(10).fill(0);
    for (const time of after.arrivalNs) counts[Math.floor((time % 3e9) / 3e8)] += 1;
    // Chi-square with 9 degrees of freedom: 33.7 is passed once in 10,000.
    expect(counts.reduce((sum, count) => sum + (count - 4000) ** 2 / 4000, 0)).toBeLessThan(33.7);
  });

  it('ends the warning about the clock, leaves follow-ups and single ticks alone', () => {
    const coarse = buildAt([0, 0, 3e9, 3e9, 6e9, 6e9], ['a', undefined, 'a', undefined, undefined, undefined]);
    expect(coarse.warnings.join()).toMatch(/80 % of the arrivals .* every 3\.0 s/);
    expect(withoutClock(coarse).warnings).toEqual([]);
    const spread = spreadUniform(coarse, 1);
    expect(spread.warnings).toEqual([]);
    expect(spread.arrivalNs[2]).toBe(-1);
    expect(spread.thinkNs[2]).toBe(3e9);
    const together = buildAt([0, 0, 0]);
    expect(together.warnings).toEqual([]);
    expect(spreadUniform(together, 1)).toBe(together);
  });

  it('does not warn about a clock of milliseconds', () => {
    expect(buildAt([0, 0, 1e6, 1e6, 2e6, 2e6]).warnings).toEqual([]);
  });
});

describe('retimeArrivals', () => {
  const many = buildAt(new Array<number>(50_000).fill(0));
  const gapsOf = (process: ArrivalProcess, rate: number, seed = 3) => {
    const times = firstTurns(retimeArrivals(many, process, rate, seed));
    return times.map((time, i) => (time - (i === 0 ? 0 : times[i - 1])) / 1e9);
  };
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it.each<[ArrivalProcess, number]>([
    [{ type: 'poisson' }, 1],
    [{ type: 'gamma', burstiness: 0.25 }, 0.25],
    [{ type: 'gamma', burstiness: 4 }, 4],
  ])('%j: the mean gap is 1/rate, the squared coefficient of variation is as named', (process, burstiness) => {
    const gaps = gapsOf(process, 8);
    const mean = meanOf(gaps);
    const variance = meanOf(gaps.map((gap) => (gap - mean) ** 2));
    expect(Math.abs(mean * 8 - 1)).toBeLessThan((4 * Math.sqrt(burstiness)) / Math.sqrt(gaps.length));
    // Relative error of a gamma sample's variance: sqrt((2 + 6 * burstiness) / n).
    expect(Math.abs(variance / mean ** 2 / burstiness - 1)).toBeLessThan(
      5 * Math.sqrt((2 + 6 * burstiness) / gaps.length),
    );
  });

  it('constant: equal gaps, without drift', () => {
    const times = firstTurns(retimeArrivals(many, { type: 'constant' }, 3, 1));
    expect(times[0]).toBe(Math.round(1e9 / 3));
    expect(Math.abs(times[49_999] - (50_000 * 1e9) / 3)).toBeLessThanOrEqual(1);
  });

  it('scales with the rate and nothing else: the same draws', () => {
    const slow = firstTurns(retimeArrivals(many, { type: 'poisson' }, 1, 9));
    const fast = firstTurns(retimeArrivals(many, { type: 'poisson' }, 4, 9));
    for (let i = 0; i < slow.length; i++) expect(Math.abs(slow[i] / 4 - fast[i])).toBeLessThanOrEqual(1);
    expect(firstTurns(retimeArrivals(many, { type: 'poisson' }, 1, 10))[0]).not.toBe(slow[0]);
  });

  it('counts every turn in the rate', () => {
    const sessions = Array.from({ length: 9000 }, (_, i) => `s${Math.floor(i / 3)}`);
    const workload = retimeArrivals(buildAt(new Array<number>(9000).fill(0), sessions), { type: 'constant' }, 6, 1);
    const times = firstTurns(workload);
    expect(times).toHaveLength(3000);
    expect(times[2999]).toBe(1500e9);
  });

  it('refuses a rate or a burstiness of nothing', () => {
    expect(() => retimeArrivals(many, { type: 'poisson' }, 0, 1)).toThrow(/rate/);
    expect(() => retimeArrivals(many, { type: 'gamma', burstiness: 0 }, 1, 1)).toThrow(/burstiness/);
  });
});
