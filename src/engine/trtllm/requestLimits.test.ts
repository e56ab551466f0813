import { describe, expect, it } from 'vitest';
import { drive } from '../../../test/conformance/drive.ts';
import { PLAIN_TRTLLM } from '../../../test/support/engineConfigs.ts';
import { serves } from './requestLimits.ts';

const DRAFTS = { method: 'eagle', draftTokens: 3, acceptance: [1, 1, 1], seed: 1 } as const;

describe('what TensorRT-LLM serves', () => {
  it.each([
    { config: { maxBatchedTokens: 20, chunkedPrefill: true }, input: 21, served: false },
    { config: { maxBatchedTokens: 20, chunkedPrefill: true }, input: 20, served: true },
    { config: { maxBatchedTokens: 32, chunkedPrefill: true }, input: 100, served: true },
    { config: { maxBatchedTokens: 32 }, input: 33, served: false },
    { config: { maxBatchedTokens: 3, speculation: DRAFTS }, input: 2, served: false },
    { config: { maxBatchedTokens: 4, speculation: DRAFTS }, input: 2, served: true },
  ])('with blocks of 32: a prompt of $input and $config: $served', ({ config, input, served }) => {
    const engine = { ...PLAIN_TRTLLM, ...config };
    expect(serves(engine, input, 5)).toBe(served);
    if (!served) return;
    for (const kind of ['fast', 'plain'] as const) {
      expect(drive(kind, engine, [{ arrivalNs: 0, input, output: 5 }]).finished).toEqual([0]);
    }
  });
});
