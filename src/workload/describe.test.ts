import { expect, it } from 'vitest';
import { describeWorkload } from './describe.ts';
import { WorkloadBuilder } from './workloadBuilder.ts';

it('counts reuse in blocks and in tokens, generated text included', () => {
  const builder = new WorkloadBuilder('test', 10);
  // The second turn's 35 tokens repeat the first's 12 + 8 and add 15; a stranger shares its first block only.
  builder.add({ arrivalNs: 0, session: 'a', inputTokens: 12, outputTokens: 8, blockIds: [1, 2] });
  builder.add({ arrivalNs: 2e9, session: 'a', inputTokens: 35, outputTokens: 5, blockIds: [1, 3, 4, 5] });
  builder.add({ arrivalNs: 4e9, inputTokens: 20, outputTokens: 1, blockIds: [1, 9] });
  const summary = describeWorkload(builder.build());
  expect(summary.reusedBlockRatio).toBe((2 + 1) / (2 + 4 + 2));
  expect(summary.reusedTokenRatio).toBe((20 + 10) / (12 + 35 + 20));
  expect(summary.requests).toBe(3);
  expect(summary.sessions).toBe(2);
  expect(summary.durationMs).toBe(4000);
  expect(summary.requestsPerS).toBe(0.75);
  expect(summary.inputTokens).toEqual({ mean: 67 / 3, p50: 20, p95: 35, max: 35 });
});

it('counts a block known in part for that part', () => {
  const builder = new WorkloadBuilder('test', 10);
  builder.add({ arrivalNs: 0, session: 'a', inputTokens: 4, outputTokens: 2, blockIds: [1] });
  builder.add({ arrivalNs: 1, session: 'a', inputTokens: 10, outputTokens: 1, blockIds: [2] });
  const summary = describeWorkload(builder.build());
  expect(summary.reusedBlockRatio).toBe(0.5);
  expect(summary.reusedTokenRatio).toBe(6 / 14);
});

it('is all zeros for nothing', () => {
  const summary = describeWorkload(new WorkloadBuilder('empty', 16).build());
  expect([summary.requests, summary.requestsPerS, summary.reusedBlockRatio, summary.inputTokens.max]).toEqual([
    0, 0, 0, 0,
  ]);
});
