import { describe, expect, it } from 'vitest';
import { PLAIN_VLLM } from '../../test/support/engineConfigs.ts';
import { handPool, handScenario, MS } from '../../test/support/handScenario.ts';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import { STATE } from '../engine/requestLog.ts';
import { FrontEnd, type FrontEndSpec } from './frontEnd.ts';
import type { LoadSpec, Scenario } from './scenario.ts';

it('queues prompts for the tokenizers, first come first served', () => {
  const frontEnd = new FrontEnd({ requestNs: 5, perInputTokenNs: 2, tokenizers: 2 }, 1);
  // Two tokenize at once; the third waits for the shorter of them, the fourth for the other.
  expect([100, 10, 20, 1].map((tokens) => frontEnd.releaseNs(0, tokens))).toEqual([205, 25, 65, 67]);
  expect(frontEnd.releaseNs(1000, 10)).toBe(1025);
});

it('has the tokenizers of every replica, also of those that come later', () => {
  const frontEnd = new FrontEnd({ requestNs: 0, perInputTokenNs: 1, tokenizers: 1 }, 2);
  const together = () => [10, 10, 10, 10].map((tokens) => frontEnd.releaseNs(1000, tokens) - 1000);
  expect(together()).toEqual([10, 10, 20, 20]);
  frontEnd.addReplica();
  // The new one takes two before the others are free; then all three.
  expect(together()).toEqual([10, 20, 30, 30]);
});

function scenario(frontEnd: FrontEndSpec | null, load: LoadSpec): Scenario {
  const rows = Array.from({ length: 6 }, (_, request) => ({
    arrivalNs: request * 7 * MS,
    inputTokens: 100 * (request + 1),
    outputTokens: 3,
  }));
  const engine = { ...PLAIN_VLLM, maxBatchedTokens: 10_000, maxSequences: 8, blocks: 10_000, contextLength: 10_000 };
  return handScenario(rows, { load, pools: [handPool({ engine })], ...(frontEnd === null ? {} : { frontEnd }) });
}

describe('a front end', () => {
  it('costs what its state says, before anything else', () => {
    const spec = { requestNs: 3 * MS, perInputTokenNs: 1000, tokenizers: 1 };
    const { log } = simulate(scenario(spec, { kind: 'closed', concurrency: 1 }));
    for (let request = 0; request < 6; request++) {
      const ns = 3 * MS + 100 * (request + 1) * 1000;
      expect(log.ttftStateNs(request, STATE.frontEnd)).toBe(ns);
      expect(log.firstTokenNs[request] - log.arrivalNs[request]).toBe(ns + 100 * MS);
    }
  });

  it('that costs nothing leaves the timeline as it is', () => {
    for (const load of [{ kind: 'open', speedup: 1 } as const, { kind: 'closed', concurrency: 2 } as const]) {
      const free = simulate(scenario({ requestNs: 0, perInputTokenNs: 0, tokenizers: 1 }, load)).log;
      const none = simulate(scenario(null, load)).log;
      expect([...free.firstTokenNs]).toEqual([...none.firstTokenNs]);
      expect([...free.lastTokenNs]).toEqual([...none.lastTokenNs]);
    }
  });
});
