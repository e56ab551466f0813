import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import { NS_PER_MS } from '../../src/base/units.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import { type Asked, drive } from '../conformance/drive.ts';
import { PLAIN_SGLANG, PLAIN_TRTLLM } from '../support/engineConfigs.ts';
import { closedLoopMeans } from './closedLoop.ts';

const DECODE_MS = 8;
const TIMER: StepTimer = {
  window: 0,
  decodeNs: () => DECODE_MS * NS_PER_MS,
  passNs: ({ chunks, chunkTokens }) => (chunks > 0 ? DECODE_MS + chunkTokens * 0.01 : DECODE_MS) * NS_PER_MS,
  boundOf: () => 0,
};

/** Mean TTFT over the time of a decode, of a closed loop of 1k/1k requests on prompts of 8,192 tokens a batch. */
function ttftInDecodes(concurrency: number, batchWaitIterations: number, batchWaitTokensRatio: number): number {
  const { ttftNs } = closedLoopMeans({
    engine: { ...PLAIN_TRTLLM, overlap: true, prefixCaching: false, batchWaitIterations, batchWaitTokensRatio },
    timer: TIMER,
    concurrency,
    requests: Math.max(600, 15 * concurrency),
    inputTokens: 1000,
    outputTokens: [800, 1200],
  });
  return ttftNs / (DECODE_MS * NS_PER_MS);
}

describe('TTFT of TensorRT-LLM when batches wait for 20 iterations', () => {
  /** Decodes that waiting adds to TTFT. */
  const added = (concurrency: number, ratio: number): number =>
    ttftInDecodes(concurrency, 20, ratio) - ttftInDecodes(concurrency, 0, 0);

  it.each([2, 4])('grows by those iterations at concurrency %i', (concurrency) => {
    const decodes = added(concurrency, 0.9);
    console.log(`${concurrency} requests: ${decodes.toFixed(1)} decodes more`);
    expect(decodes).toBeGreaterThan(19);
    expect(decodes).toBeLessThan(21);
  });

  it('grows by less where enough prompt tokens gather before', () => {
    const decodes = added(96, 0.15);
    console.log(`96 requests: ${decodes.toFixed(1)} decodes more`);
    expect(decodes).toBeGreaterThan(5);
    expect(decodes).toBeLessThan(15);
  });
});

const config = { ...PLAIN_TRTLLM, prefixCaching: false, overlap: true };

describe.each(['fast', 'plain'] as const)('batches of the %s TensorRT-LLM core', (kind) => {
  /** Request 0 decodes for ever, so that the executor is not idle. */
  const afterOthers = (newcomers: readonly Omit<Asked, 'arrivalNs'>[]): Asked[] => [
    { arrivalNs: 0, input: 10, output: 3000 },
    ...newcomers.map((newcomer) => ({ arrivalNs: 1000, ...newcomer })),
  ];

  it('hold one whole prompt of 7,400 tokens where 8,300 may be: four arrivals are through after 1, 2, 3, 4 of them', () => {
    const asked = afterOthers([1, 2, 3, 4].map(() => ({ input: 7400, output: 1 })));
    const { log } = drive(kind, { ...config, maxBatchedTokens: 8300, blocks: 10_000 }, asked);
    const [, ...first] = log.firstTokenNs;
    // A pass of such a prompt and a decode takes 100 + 7400 + 5 ns.
    expect([1, 2, 3].map((k) => first[k] - first[k - 1])).toEqual([7505, 7505, 7505]);
  });

  it('begin with one request when the executor was idle, and take the rest of a burst next', () => {
    const asked = Array.from({ length: 8 }, () => ({ arrivalNs: 0, input: 50, output: 2 }));
    const { log } = drive(kind, config, asked);
    expect(log.firstTokenNs[0]).toBe(150);
    expect(new Set([...log.firstTokenNs].slice(1)).size).toBe(1);
  });

  it('let the second of two equal prompts wait a step for the blocks of the first', () => {
    const blockIds = Array.from({ length: 12 }, (_, block) => block + 1);
    const asked = afterOthers([1, 2].map(() => ({ input: 96, output: 1, blockIds })));
    const { log } = drive(kind, { ...config, overlap: false, prefixCaching: true }, asked);
    expect(log.scheduledNs[2] - log.scheduledNs[1]).toBeGreaterThan(0);
    expect([...log.reusedTokens]).toEqual([0, 0, 64]);
  });
});

describe.each(['fast', 'plain'] as const)('balanced ranks of the %s TensorRT-LLM core', (kind) => {
  const TIMEOUT = 60;
  const PROMPTS = 120;

  it('let a prompt that comes alone wait for what is left of a clock of 60 iterations', () => {
    const random = new RandomStream(10, 'lone prompts');
    const decoding = [0, 0].map((arrivalNs) => ({ arrivalNs, input: 8, output: 60_000 }));
    let arrivalNs = 5000;
    const alone = Array.from({ length: PROMPTS }, () => {
      arrivalNs += random.integer(1000, 2200);
      return { arrivalNs, input: 8, output: 1 };
    });
    const balanced = {
      ...config,
      attentionDataRanks: 2,
      balance: { timeoutIterations: TIMEOUT, batchingWaitIterations: 10 },
    };
    const { log } = drive(kind, { ...balanced, blockTokens: 1024, blocks: 200, contextLength: 100_000 }, [
      ...decoding,
      ...alone,
    ]);
    // A decode takes 10 ns.
    const waits = alone.map((_, index) => (log.scheduledNs[2 + index] - log.arrivalNs[2 + index]) / 10);
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / PROMPTS;
    console.log(`mean wait of ${mean.toFixed(1)} iterations, at most ${Math.max(...waits).toFixed(1)}`);
    expect(mean).toBeGreaterThan(0.45 * TIMEOUT);
    expect(mean).toBeLessThan(0.55 * TIMEOUT);
    expect(Math.max(...waits)).toBeLessThanOrEqual(TIMEOUT + 2);
    for (const quarter of [0, 1, 2, 3]) {
      const inIt = waits.filter((wait) => Math.min(3, Math.floor((4 * wait) / TIMEOUT)) === quarter).length;
      expect(inIt / PROMPTS, `quarter ${quarter}`).toBeGreaterThan(0.18);
      expect(inIt / PROMPTS, `quarter ${quarter}`).toBeLessThan(0.32);
    }
  });
});

it('a request that ends by length takes as many passes as tokens in TensorRT-LLM, one more in SGLang, which overlap', () => {
  const asked = [{ arrivalNs: 0, input: 20, output: 9 }];
  for (const kind of ['fast', 'plain'] as const) {
    expect(drive(kind, config, asked).ledger.passes).toBe(9);
    expect(drive(kind, { ...PLAIN_SGLANG, overlap: true }, asked).ledger.passes).toBe(10);
  }
});
