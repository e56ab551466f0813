import { describe, expect, it } from 'vitest';
import { NS_PER_MS } from '../../src/base/units.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import { PLAIN_SGLANG } from '../support/engineConfigs.ts';
import { closedLoopMeans } from './closedLoop.ts';

const DECODE_MS = 8;
/** Launching an eager prefill of a 61-layer model. */
const FLOOR_MS = 140;
const TIMER: StepTimer = {
  window: 0,
  decodeNs: () => DECODE_MS * NS_PER_MS,
  passNs: ({ chunks, chunkTokens }) => (chunks > 0 ? Math.max(FLOOR_MS, chunkTokens * 0.01) : DECODE_MS) * NS_PER_MS,
  boundOf: () => 0,
};

/** TTFT over TPOT of a closed loop of 1k/1k requests with benchmark flags. */
function ttftInTokens(concurrency: number, pollingInterval: number): number {
  const { ttftNs, tpotNs } = closedLoopMeans({
    engine: {
      ...PLAIN_SGLANG,
      overlap: true,
      pollingInterval,
      prefixCaching: false,
      ignoreEos: true,
      blocks: 1_000_000,
    },
    timer: TIMER,
    concurrency,
    requests: 20 * concurrency,
    inputTokens: 1024,
    outputTokens: [600, 1024],
  });
  return ttftNs / tpotNs;
}

describe('TTFT of SGLang in tokens', () => {
  it('rises by half the difference when requests are polled for every 30 steps instead of every 10', () => {
    const rise = ttftInTokens(16, 30) - ttftInTokens(16, 10);
    console.log(`16 requests: ${rise.toFixed(1)} tokens more`);
    expect(rise).toBeGreaterThan(7);
    expect(rise).toBeLessThan(13);
  });

  it('falls with concurrency when every step polls: the floor is shared by longer steps', () => {
    const ratios = [4, 8, 16, 32, 64].map((concurrency) => ttftInTokens(concurrency, 1));
    console.log(`4 to 64 requests: ${ratios.map((ratio) => ratio.toFixed(1)).join(', ')}`);
    expect(ratios).toEqual([...ratios].sort((a, b) => b - a));
    expect(ratios[0] / ratios[4]).toBeGreaterThan(1.5);
  });
});
