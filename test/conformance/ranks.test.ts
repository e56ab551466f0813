import { describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../src/engine/engineConfig.ts';
import { PLAIN_SGLANG, PLAIN_TRTLLM, PLAIN_VLLM } from '../support/engineConfigs.ts';
import { drive } from './drive.ts';

describe.each(['fast', 'plain'] as const)('two attention-DP ranks (%s)', (kind) => {
  it('wait for the slower in every pass', () => {
    const { log, ledger } = drive(kind, { ...PLAIN_VLLM, attentionDataRanks: 2 }, [
      { arrivalNs: 0, input: 100, output: 3 },
      { arrivalNs: 0, input: 10, output: 5 },
      { arrivalNs: 205, input: 20, output: 1 },
    ]);
    // One prompt each: 200 ns and 110 ns. The third joins the first rank at 210, whose pass of both kinds takes 125 ns.
    expect([...log.firstTokenNs]).toEqual([200, 200, 335]);
    expect([...log.lastTokenNs]).toEqual([335, 355, 335]);
    expect(ledger.passes).toBe(5);
    expect(ledger.batchSum).toBe(2 + 2 + 3 + 1 + 1);
    expect(ledger.busyNs).toBe(355);
  });

  it('admit together what one rank has no places for', () => {
    const asked = [0, 1, 2, 3].map(() => ({ arrivalNs: 0, input: 50, output: 2 }));
    const lastNs = (config: EngineConfig): number => Math.max(...drive(kind, config, asked).log.lastTokenNs);
    // Two prompts in 200 ns and a decode, once or twice.
    expect(lastNs({ ...PLAIN_VLLM, maxSequences: 2 })).toBe(420);
    expect(lastNs({ ...PLAIN_VLLM, maxSequences: 2, attentionDataRanks: 2 })).toBe(210);
    expect(lastNs({ ...PLAIN_SGLANG, maxSequences: 2, attentionDataRanks: 2 })).toBe(210);
    // TensorRT-LLM's idle executor fetches one request alone: 150 ns, then two prompts on a rank, one with a decode beside.
    expect(lastNs({ ...PLAIN_TRTLLM, maxSequences: 2, attentionDataRanks: 2 })).toBe(150 + 200 + 10);
  });

  it('of TensorRT-LLM share out a burst by its tokens', () => {
    const asked = [1, 41, 11, 31, 21, 31].map((input) => ({ arrivalNs: 0, input, output: input === 1 ? 3 : 1 }));
    const { log, ledger } = drive(kind, { ...PLAIN_TRTLLM, attentionDataRanks: 2, prefixCaching: false }, asked);
    // The first alone; then 31 + 31 beside it, and 41 + 21 + 11 on the other rank: none has more than three.
    expect([...log.firstTokenNs]).toEqual([101, 274, 274, 274, 274, 274]);
    expect(log.lastTokenNs[0]).toBe(284);
    expect(ledger.passes).toBe(3);
  });

  it('of TensorRT-LLM wait for a rank whose only request has its last token in flight', () => {
    const asked = [
      { arrivalNs: 0, input: 20, output: 3 },
      { arrivalNs: 50, input: 20, output: 40 },
    ];
    const overlapped = { ...PLAIN_TRTLLM, attentionDataRanks: 2, overlap: true };
    const { log, ledger, mostInFlight } = drive(kind, overlapped, asked);
    // 120 ns for the first prompt and 10 for a decode formed with it; then 125 for the second prompt, then 10 each. The pass
    // after the first request's last has to wait until that is out, but no longer.
    expect(mostInFlight).toBe(2);
    expect(log.lastTokenNs[0]).toBe(120 + 10 + 120);
    expect(log.lastTokenNs[1]).toBe(120 + 10 + 120 + 39 * 10);
    expect(ledger.passes).toBe(3 + 39);
  });
});
