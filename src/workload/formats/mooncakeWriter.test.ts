import fc from 'fast-check';
import { expect, it } from 'vitest';
import { retimeArrivals } from '../arrivals.ts';
import { makeSynthetic, type SyntheticOptions } from '../synthetic.ts';
import { WorkloadBuilder } from '../workloadBuilder.ts';
import { MooncakeReader } from './mooncake.ts';
import { writeMooncake } from './mooncakeWriter.ts';

const options: fc.Arbitrary<SyntheticOptions> = fc.record({
  name: fc.constant('written'),
  inputTokens: fc.constant({ type: 'uniform', min: 1, max: 40 } as const),
  outputTokens: fc.constant({ type: 'uniform', min: 1, max: 40 } as const),
  size: fc.record({ requests: fc.integer({ min: 1, max: 40 }) }),
  sharedPrefix: fc.option(
    fc.record({
      groups: fc.integer({ min: 1, max: 3 }),
      tokens: fc.constant({ type: 'uniform', min: 1, max: 50 } as const),
    }),
  ),
  sessions: fc.option(
    fc.constant({
      turns: { type: 'uniform', min: 1, max: 4 } as const,
      think: { type: 'exponential', mean: 3 } as const,
    }),
  ),
  blockTokens: fc.constantFrom(1, 16, 64),
});

it('writes classes and priorities', () => {
  const options = { blockTokens: 16, skipBadLines: false };
  const builder = new WorkloadBuilder('written', 16);
  const row = { arrivalNs: 0, inputTokens: 5, outputTokens: 2 };
  for (const more of [{}, { className: 'chat', priority: -3 }, { className: 'batch' }])
    builder.add({ ...row, ...more });
  const written = builder.build();
  const reader = new MooncakeReader('written', options);
  reader.push(writeMooncake(written));
  expect(reader.end().digest).toBe(written.digest);
});

it('writes what the reader reads back as the same workload', () => {
  fc.assert(
    fc.property(options, fc.nat(), (synthetic, seed) => {
      const workload = retimeArrivals(makeSynthetic(synthetic, seed), { type: 'constant' }, 2, seed);
      // The format's clock starts at the first arrival.
      const shifted = retimeToZero(workload);
      const reader = new MooncakeReader('written', { blockTokens: synthetic.blockTokens, skipBadLines: false });
      reader.push(writeMooncake(workload));
      const back = reader.end();
      expect(Array.from(back.arrivalNs)).toEqual(shifted);
      for (const column of [
        'inputTokens',
        'outputTokens',
        'blockOffsets',
        'blockIds',
        'nextTurn',
        'thinkNs',
      ] as const) {
        expect(Array.from(back[column]), column).toEqual(Array.from(workload[column]));
      }
    }),
  );
});

function retimeToZero(workload: { readonly arrivalNs: Float64Array }): number[] {
  return Array.from(workload.arrivalNs, (time) => (time < 0 ? -1 : time - workload.arrivalNs[0]));
}
