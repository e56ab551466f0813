import { describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../src/engine/engineConfig.ts';
import { PLAIN_SGLANG, PLAIN_VLLM } from '../support/engineConfigs.ts';
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
  });
});
