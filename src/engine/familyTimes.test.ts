import { describe, expect, it } from 'vitest';
import { FAMILIES } from '../timing/families.ts';
import { PassShape } from '../timing/passShape.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import { FamilyTimes } from './familyTimes.ts';

/** Prompts take nothing but products, decodes nothing but attention. */
const TIMER: StepTimer = {
  window: 0,
  passNs: () => 1,
  decodeNs: () => 1,
  boundOf: () => 0,
  addFamilies: (shape, families) => families.add(shape.chunks > 0 ? 'gemm' : 'attention', 0.01),
};
const DECODES = new PassShape(0);
DECODES.setDecodes(1, 10, 0);
const PROMPTS = new PassShape(0);
PROMPTS.addChunk(0, 10, true);

function run(passes: readonly (readonly [shape: PassShape, ns: number])[]): FamilyTimes {
  const times = new FamilyTimes();
  let busyNs = 0;
  for (const [shape, ns] of passes) {
    busyNs += ns;
    if (busyNs >= times.nextNs) times.look(TIMER, shape, busyNs);
  }
  return times;
}

function shareOf(family: (typeof FAMILIES)[number], { ns }: FamilyTimes): number {
  return ns[FAMILIES.indexOf(family)] / ns.reduce((sum, each) => sum + each, 0);
}

describe('looks at running passes', () => {
  it('find the shares of time, however passes of two kinds alternate', () => {
    for (const [promptNs, decodeNs] of [
      [30e6, 10e6],
      [400e6, 9e6],
      [7e6, 13e6],
    ]) {
      const passes = Array.from({ length: 4000 }, (_, index) =>
        index % 2 === 0 ? ([PROMPTS, promptNs + (index % 7) * 1e5] as const) : ([DECODES, decodeNs] as const),
      );
      const promptTime = passes.reduce((sum, [shape, ns]) => sum + (shape === PROMPTS ? ns : 0), 0);
      const all = passes.reduce((sum, [, ns]) => sum + ns, 0);
      expect(Math.abs(shareOf('gemm', run(passes)) - promptTime / all)).toBeLessThan(0.1);
    }
  });

  it('do not care whether a run of like passes is booked at once or one by one', () => {
    const one = run([
      [DECODES, 5e9],
      [PROMPTS, 1e9],
    ]);
    const many = run([
      ...Array.from({ length: 500 }, () => [DECODES, 1e7] as const),
      ...Array.from({ length: 10 }, () => [PROMPTS, 1e8] as const),
    ]);
    expect(one.ns).toEqual(many.ns);
  });

  it('are some hundred an hour', () => {
    let looks = 0;
    const timer: StepTimer = { ...TIMER, addFamilies: () => (looks += 1) };
    const times = new FamilyTimes();
    for (let busyNs = 0; busyNs < 3600e9; busyNs += 2e7) if (busyNs >= times.nextNs) times.look(timer, DECODES, busyNs);
    expect(looks).toBeGreaterThan(64);
    expect(looks).toBeLessThan(1000);
  });
});
