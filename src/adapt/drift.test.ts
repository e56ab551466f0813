import { expect, test } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { WorkloadBuilder } from '../workload/workloadBuilder.ts';
import { segmentsOf } from './drift.ts';
import { Scissors } from './windows.ts';

const HOUR_NS = 3600e9;

/** Poisson arrivals, hour by hour at the given rates and mean prompt lengths. */
function hours(seed: number, perS: readonly number[], input: readonly number[]) {
  const random = new RandomStream(seed, 'hours');
  const builder = new WorkloadBuilder('hours', 16);
  for (const [hour, rate] of perS.entries()) {
    let nowNs = hour * HOUR_NS;
    for (;;) {
      nowNs += Math.round(random.exponential(1e9 / rate));
      if (nowNs >= (hour + 1) * HOUR_NS) break;
      builder.add({ arrivalNs: nowNs, inputTokens: random.integer(1, 2 * input[hour]), outputTokens: 10 });
    }
  }
  return new Scissors(builder.build()).windows(0, perS.length * HOUR_NS, HOUR_NS);
}

test('segments begin where arrivals or lengths change, not where chance moves them', () => {
  const found = segmentsOf(hours(1, [0.2, 0.2, 0.2, 0.4, 0.4, 0.4, 0.4], [500, 500, 500, 500, 500, 1000, 1000]));
  expect(found.map(({ first, end }) => [first, end])).toEqual([
    [0, 3],
    [3, 5],
    [5, 7],
  ]);
  expect(found.map(({ reason }) => reason.replace(/[\d.]+/g, 'n'))).toEqual([
    'the beginning',
    'requests/s n to n',
    'prompt tokens n to n',
  ]);
  for (let seed = 1; seed <= 20; seed++) {
    expect(segmentsOf(hours(seed, [0.1, 0.1, 0.1, 0.1], [500, 500, 500, 500])), `seed ${seed}`).toHaveLength(1);
  }
});

test('a stretch has whole sessions and its own clock', () => {
  const builder = new WorkloadBuilder('sessions', 16);
  builder.add({ arrivalNs: 5e9, inputTokens: 10, outputTokens: 5, session: 'a', thinkNs: 0 });
  builder.add({ arrivalNs: 7e9, inputTokens: 10, outputTokens: 5, session: 'b', thinkNs: 0 });
  builder.add({ arrivalNs: 9e9, inputTokens: 20, outputTokens: 5, session: 'a', thinkNs: 60e9 });
  const scissors = new Scissors(builder.build());
  const first = scissors.cut(0, 1e9);
  expect([...first.arrivalNs]).toEqual([0, -1]);
  expect([...first.inputTokens]).toEqual([10, 20]);
  expect([...scissors.cut(1.5e9, 3e9).arrivalNs]).toEqual([0.5e9]);
});
