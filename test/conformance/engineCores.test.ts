import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import type { EngineConfig } from '../../src/engine/engineConfig.ts';
import type { EngineCore, EngineLoad } from '../../src/engine/engineCore.ts';
import { STATES } from '../../src/engine/requestLog.ts';
import { PLAIN_SGLANG, PLAIN_TRTLLM, PLAIN_VLLM } from '../support/engineConfigs.ts';
import { type Asked, drive, timesOf } from './drive.ts';

interface Subject {
  readonly name: string;
  readonly kind: 'fast' | 'plain';
  readonly config: EngineConfig;
  /** Batches that may be in flight. */
  readonly depth: number;
}

const tight = { maxSequences: 6, contextLength: 400, maxBatchedTokens: 128 };
const CONFIGS: readonly (readonly [string, EngineConfig, number])[] = [
  ['vllm', { ...PLAIN_VLLM, ...tight, blocks: 40 }, 1],
  ['vllm, asynchronous', { ...PLAIN_VLLM, ...tight, blocks: 40, asyncScheduling: true }, 2],
  ['vllm, two stages', { ...PLAIN_VLLM, ...tight, blocks: 40, pipelineStages: 2 }, 2],
  ['sglang', { ...PLAIN_SGLANG, ...tight, chunkedPrefillTokens: 128, blocks: 600 }, 1],
  ['sglang, overlapped', { ...PLAIN_SGLANG, ...tight, chunkedPrefillTokens: 128, blocks: 600, overlap: true }, 2],
  ['trtllm', { ...PLAIN_TRTLLM, ...tight, chunkedPrefill: true, blocks: 20 }, 1],
  ['trtllm, overlapped', { ...PLAIN_TRTLLM, ...tight, chunkedPrefill: true, blocks: 20, overlap: true }, 2],
  [
    'trtllm, maximum utilization',
    { ...PLAIN_TRTLLM, ...tight, chunkedPrefill: true, blocks: 14, overlap: true, capacityPolicy: 'MAX_UTILIZATION' },
    2,
  ],
];
const SUBJECTS: readonly Subject[] = CONFIGS.flatMap(([name, config, depth]) =>
  (['fast', 'plain'] as const).map((kind) => ({ name: `${name} (${kind})`, kind, config, depth })),
);

/** Requests that all cores serve, some of them alike, some at the same time. */
function randomAsked(seed: number): Asked[] {
  const random = new RandomStream(seed, 'conformance');
  let arrivalNs = 0;
  return Array.from({ length: 40 }, () => {
    arrivalNs += random.integer(0, 2) * random.integer(0, 900);
    const shared = random.integer(0, 3);
    const input = shared * 8 + random.integer(1, 120);
    const stem = random.integer(1, 3);
    const blockIds = Array.from({ length: Math.ceil(input / 8) }, (_, block) =>
      block < shared ? stem * 100 + block : 1000 + random.integer(0, 1_000_000) * 100 + block,
    );
    return { arrivalNs, input, output: random.integer(1, 80), blockIds };
  });
}

describe.each(SUBJECTS)('the $name core', ({ kind, config, depth }) => {
  const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

  it('finishes every request once, and then holds nothing', () => {
    for (const seed of seeds) {
      const asked = randomAsked(seed);
      const { finished, load, log } = drive(kind, config, asked);
      expect([...finished].sort((a, b) => a - b)).toEqual(asked.map((_, request) => request));
      expect({ ...load, usablePages: 0 }).toEqual({
        running: 0,
        waiting: 0,
        queuedPrefillTokens: 0,
        heldPages: 0,
        usablePages: 0,
      });
      expect(load.usablePages).toBeGreaterThan(0);
      for (const request of asked.keys()) {
        expect(log.scheduledNs[request]).toBeGreaterThanOrEqual(asked[request].arrivalNs);
        expect(log.firstTokenNs[request]).toBeGreaterThan(log.scheduledNs[request]);
        expect(log.lastTokenNs[request]).toBeGreaterThanOrEqual(log.firstTokenNs[request]);
      }
    }
  });

  it('keeps its books: every nanosecond of a request in one state, every gap counted', () => {
    for (const seed of seeds) {
      const asked = randomAsked(seed);
      const { log, ledger } = drive(kind, config, asked);
      let pauses = 0;
      for (const [request, { output }] of asked.entries()) {
        const states = STATES.map((_, state) => log.e2eStateNs(request, state));
        expect(Math.min(...states)).toBeGreaterThanOrEqual(0);
        const e2e = log.lastTokenNs[request] - log.arrivalNs[request];
        expect(states.reduce((sum, ns) => sum + ns, 0)).toBe(e2e);
        pauses += output - 1;
      }
      expect(ledger.gaps.count).toBe(pauses);
      expect(ledger.busyNs).toBeLessThanOrEqual(Math.max(...log.lastTokenNs) + 1000);
    }
  });

  it('has no more passes in flight than it may, and that many at times', () => {
    const most = seeds.map((seed) => drive(kind, config, randomAsked(seed)).mostInFlight);
    expect(Math.max(...most)).toBe(depth);
  });

  it('is not changed by being looked at, and shows nothing before its time', () => {
    for (const seed of seeds) {
      const asked = randomAsked(seed);
      const random = new RandomStream(seed, 'looks');
      const load: EngineLoad = { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 };
      const look = (core: EngineCore, fromNs: number, toNs: number): void => {
        const atNs = fromNs + random.integer(0, Math.min(1e6, toNs - fromNs));
        const dueNs = core.nextEventNs;
        core.advanceTo(atNs);
        core.readLoad(load);
        // Looking runs no event. Plain assertions are too slow here.
        if (core.nextEventNs !== dueNs) throw new Error(`the next event moved from ${dueNs} to ${core.nextEventNs}`);
        if (load.running > config.maxSequences) throw new Error(`${load.running} requests run`);
        if (load.heldPages > load.usablePages) throw new Error(`${load.heldPages} pages are held`);
        const request = random.integer(0, asked.length - 1);
        const cached = core.cachedTokens(request);
        if (cached < 0 || cached >= asked[request].input) throw new Error(`${cached} tokens of ${request} are cached`);
        core.totals();
      };
      expect(timesOf(drive(kind, config, asked, look))).toEqual(timesOf(drive(kind, config, asked)));
    }
  });

  it('serves one request as worked out by hand', () => {
    const { log, ledger } = drive(kind, config, [{ arrivalNs: 7, input: 50, output: 4 }]);
    // One pass of 100 + 50 ns, three of 10.
    expect(log.scheduledNs[0]).toBe(7);
    expect(log.firstTokenNs[0]).toBe(157);
    expect(log.lastTokenNs[0]).toBe(187);
    expect(log.maxGapNs[0]).toBe(10);
    // With overlap SGLang learns of the last token one pass late, but the request is told in time.
    expect(ledger.passes).toBe(config.backend === 'sglang' && depth === 2 ? 5 : 4);
  });

  it('cuts a long prompt into passes of 128 tokens', () => {
    const { log, ledger } = drive(kind, config, [{ arrivalNs: 0, input: 300, output: 1 }]);
    // On two stages each chunk follows the one before when that has left the first: at 114, 228 and 300.
    expect(log.firstTokenNs[0]).toBe(config.pipelineStages === 2 ? 342 + 144 / 2 : 228 + 228 + 144);
    expect(log.lastTokenNs[0]).toBe(log.firstTokenNs[0]);
    expect(ledger.gaps.count).toBe(0);
  });

  it('refuses what it could never serve', () => {
    const { core } = drive(kind, config, [{ arrivalNs: 0, input: 8, output: 1 }]);
    expect(core.admits(100, 50)).toBe(true);
    expect(core.admits(399, 2)).toBe(false);
    expect(core.admits(1, 400)).toBe(false);
  });
});
