import { expect, test } from 'vitest';
import type { FaultSpec } from './faultSpec.ts';
import { Outages } from './outages.ts';

const UNTIL_NS = 1e6;

/** When a worker is down before `UNTIL_NS`, in whole ns: one flag each. */
function downTimes(worker: number, nodesOf: readonly (readonly number[])[], seed: number): Uint8Array {
  const faults: FaultSpec = {
    crashes: [],
    random: { meanUpNs: 20_000, downNs: 7_000, nodesOf },
    stragglers: [],
    retries: 0,
  };
  const outages = new Outages(worker, faults, seed);
  const down = new Uint8Array(UNTIL_NS);
  while (outages.atNs < UNTIL_NS) {
    down.fill(1, outages.atNs, Math.min(outages.untilNs, UNTIL_NS));
    outages.passTo(outages.untilNs);
  }
  return down;
}

test('a replica on several nodes is down whenever one of them is', () => {
  const nodesOf = [[0], [1], [0, 1, 2], [2]];
  for (let seed = 1; seed <= 10; seed++) {
    const [first, second, wide, third] = nodesOf.map((_, worker) => downTimes(worker, nodesOf, seed));
    expect(wide).toEqual(first.map((isDown, ns) => isDown | second[ns] | third[ns]));
    expect(first).not.toEqual(second);
  }
});
