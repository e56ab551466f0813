import { expect, test } from 'vitest';
import { RandomStream } from '../base/random.ts';
import { WorkloadBuilder } from '../workload/workloadBuilder.ts';
import { segmentsOf } from './drift.ts';
import { Scissors } from './windows.ts';

const HOUR_NS = 3600e9;
const BLOCK = 16;

/** What an hour's traffic is like: Poisson arrivals, lognormal lengths, and how many begin with the prompt of all. */
interface Mood {
  readonly perS: number;
  readonly input: number;
  readonly output: number;
  readonly shared: number;
}

const USUAL: Mood = { perS: 0.2, input: 512, output: 100, shared: 0 };
const SIGMA = 0.6;

function segmentsIn(seed: number, moods: readonly Mood[]) {
  const random = new RandomStream(seed, 'moods');
  const builder = new WorkloadBuilder('moods', BLOCK);
  let own = 1000;
  for (const [hour, { perS, input, output, shared }] of moods.entries()) {
    let nowNs = hour * HOUR_NS;
    for (;;) {
      nowNs += Math.round(random.exponential(1e9 / perS));
      if (nowNs >= (hour + 1) * HOUR_NS) break;
      const inputTokens = Math.ceil(random.lognormal(input, SIGMA));
      const blocks = Math.ceil(inputTokens / BLOCK);
      const sharedBlocks = random.uniform() < shared ? blocks >> 1 : 0;
      const outputTokens = Math.ceil(random.lognormal(output, SIGMA));
      const blockIds = Array.from({ length: sharedBlocks > 0 ? blocks : 0 }, (_, at) =>
        at < sharedBlocks ? at : own++,
      );
      builder.add({ arrivalNs: nowNs, inputTokens, outputTokens, ...(sharedBlocks > 0 ? { blockIds } : {}) });
    }
  }
  const windows = new Scissors(builder.build()).windows(0, moods.length * HOUR_NS, HOUR_NS);
  return segmentsOf(windows).map(({ first, reason }) => [first, reason.replace(/[\d.]+/g, 'n')]);
}

/** Eight hours, of which those from `from` on are different. */
function changed(from: number, change: Partial<Mood>): Mood[] {
  return Array.from({ length: 8 }, (_, hour) => (hour < from ? USUAL : { ...USUAL, ...change }));
}

test.each([
  ['arrivals', 5, { perS: 0.4 }, 'requests/s n to n'],
  ['fewer arrivals', 3, { perS: 0.1 }, 'requests/s n to n'],
  ['prompt lengths', 3, { input: 1024 }, 'prompt tokens n to n'],
  ['answer lengths', 6, { output: 50 }, 'output tokens n to n'],
  ['reuse', 4, { shared: 0.9 }, 'reuse n % to n %'],
] as const)('a drift of %s alone is found in its window, and called by its name', (_, from, change, reason) => {
  for (let seed = 1; seed <= 3; seed++) {
    expect(segmentsIn(seed, changed(from, change)), `seed ${seed}`).toEqual([
      [0, 'the beginning'],
      [from, reason],
    ]);
  }
});

test('two drifts at once are both named', () => {
  expect(segmentsIn(1, changed(2, { perS: 0.4, input: 1024 }))[1]).toEqual([
    2,
    'requests/s n to n, prompt tokens n to n',
  ]);
});

test.each([
  // Of more windows: 20 of 4,600 with fifty requests in each, none of 3,956 with a hundred or more.
  [50, 60, 0.01],
  [100, 30, 0],
  [400, 8, 0],
])('%i requests an hour, always alike, are not taken for a drift', (requests, seeds, share) => {
  const moods = new Array<Mood>(24).fill({ ...USUAL, perS: requests / 3600 });
  let alarms = 0;
  for (let seed = 1; seed <= seeds; seed++) alarms += segmentsIn(seed, moods).length - 1;
  expect(alarms / (23 * seeds)).toBeLessThanOrEqual(share);
});
