/** Checks with known answers on which simulators of LLM serving agree, that no other test has; docs/parity.md lists them all. */
import { describe, expect, it } from 'vitest';
import { acceptedLength } from '../../src/config/resolveSpeculation.ts';
import { PLAIN_TRTLLM, PLAIN_VLLM } from '../support/engineConfigs.ts';
import { type Asked, drive } from './drive.ts';

const CORES = ['fast', 'plain'] as const;

describe.each(CORES)('the %s vLLM core', (kind) => {
  it.each([
    [128, 64],
    [129, 128],
  ])('with blocks of 64 finds of a cached prompt of %i tokens %i, never its last token', (input, cached) => {
    const blockIds = Array.from({ length: Math.ceil(input / 8) }, (_, block) => block + 1);
    const asked: Asked[] = [0, 1e6].map((arrivalNs) => ({ arrivalNs, input, output: 1, blockIds }));
    const config = { ...PLAIN_VLLM, prefixCaching: true, blockTokens: 64, blocks: 100, maxBatchedTokens: 1024 };
    expect([...drive(kind, config, asked).log.reusedTokens]).toEqual([0, cached]);
  });
});

describe.each(CORES)('the %s TensorRT-LLM core', (kind) => {
  it.each([
    [9, false],
    [10, true],
  ])('reserves 5 blocks of 32 for 100 + 60 tokens: with %i blocks both run at once is %s', (blocks, areBothIn) => {
    const asked: Asked[] = [0, 0].map((arrivalNs) => ({ arrivalNs, input: 100, output: 60 }));
    const config = { ...PLAIN_TRTLLM, prefixCaching: false, blockTokens: 32, blocks, maxBatchedTokens: 1024 };
    const { log } = drive(kind, config, asked);
    expect(log.firstTokenNs[1] < log.lastTokenNs[0]).toBe(areBothIn);
  });
});

it('two drafts, the first accepted with 0.85 and the second then with 0.3, give 2.105 tokens a pass', () => {
  expect(acceptedLength([0.85, 0.3])).toBeCloseTo(2.105, 12);
});
