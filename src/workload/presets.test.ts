import { describe, expect, it } from 'vitest';
import { describeWorkload } from './describe.ts';
import { makePreset, PRESET_NAMES } from './presets.ts';

describe('presets', () => {
  it.each(PRESET_NAMES)('%s has the size asked for and is the same every time', (name) => {
    const workload = makePreset(name, 777, 1);
    expect(workload.count).toBe(777);
    expect(makePreset(name, 777, 1).digest).toBe(workload.digest);
    expect(makePreset(name, 777, 2).digest).not.toBe(workload.digest);
  });

  it('chat is near the means of the Azure LLM inference trace 2023, conversation: 1,155 in, 211 out', () => {
    const { inputTokens, outputTokens } = describeWorkload(makePreset('chat', 20_000, 1));
    expect(Math.abs(inputTokens.mean / 1155 - 1)).toBeLessThan(0.1);
    expect(Math.abs(outputTokens.mean / 211 - 1)).toBeLessThan(0.1);
  });

  it('code has the medians of the Azure LLM inference trace 2023, code: 1,500 in, 13 out', () => {
    const { inputTokens, outputTokens } = describeWorkload(makePreset('code', 20_000, 1));
    expect(Math.abs(inputTokens.p50 / 1500 - 1)).toBeLessThan(0.03);
    expect(outputTokens.p50).toBe(13);
  });
});
