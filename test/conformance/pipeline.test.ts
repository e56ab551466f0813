import { describe, expect, it } from 'vitest';
import { PLAIN_SGLANG, PLAIN_TRTLLM, PLAIN_VLLM } from '../support/engineConfigs.ts';
import { drive } from './drive.ts';

/** Prompts of 100 tokens fill a batch each; a pass of decodes takes 10 ns, half of it on each of two stages. */
const VLLM = { ...PLAIN_VLLM, maxBatchedTokens: 100, pipelineStages: 2 };
const SGLANG = { ...PLAIN_SGLANG, chunkedPrefillTokens: 100, pipelineStages: 2 };

describe.each([
  ['vLLM, fast', 'fast', VLLM],
  ['vLLM, plain', 'plain', VLLM],
  ['SGLang, fast', 'fast', SGLANG],
  ['SGLang, plain', 'plain', SGLANG],
] as const)('a pipeline of two stages (%s)', (_, kind, config) => {
  it('is no faster for one request: while one stage works the other is a bubble', () => {
    const { log, ledger, mostInFlight } = drive(kind, config, [{ arrivalNs: 0, input: 100, output: 50 }]);
    expect(log.firstTokenNs[0]).toBe(200);
    expect(log.lastTokenNs[0]).toBe(200 + 49 * 10);
    expect(ledger.passes).toBe(50);
    expect(mostInFlight).toBe(1);
  });

  it('brings out a token each half pass when two batches take turns', () => {
    const asked = { arrivalNs: 0, input: 100, output: 50 };
    const { log, ledger, mostInFlight } = drive(kind, config, [asked, asked]);
    expect([...log.firstTokenNs]).toEqual([200, 300]);
    // The first decode waits at the second stage for the second prompt to leave it, at 300; then each takes 10 ns in turn.
    expect([...log.lastTokenNs]).toEqual([305 + 48 * 10, 300 + 49 * 10]);
    expect(ledger.passes).toBe(100);
    expect(ledger.busyNs).toBe(790);
    expect(mostInFlight).toBe(2);
  });

  it('keeps requests that were computed together together', () => {
    const asked = { arrivalNs: 0, input: 50, output: 50 };
    const { log, mostInFlight } = drive(kind, config, [asked, asked]);
    expect([...log.lastTokenNs]).toEqual([200 + 49 * 10, 200 + 49 * 10]);
    expect(mostInFlight).toBe(1);
  });
});

describe.each(['fast', 'plain'] as const)('the pipeline of TensorRT-LLM (%s)', (kind) => {
  it('holds max_batch_size requests in each micro-batch, and overlaps nothing besides', () => {
    const piped = { ...PLAIN_TRTLLM, maxSequences: 1, maxBatchedTokens: 100, pipelineStages: 2, overlap: true };
    const asked = [0, 0, 0].map((arrivalNs) => ({ arrivalNs, input: 100, output: 50 }));
    const { log, ledger, mostInFlight } = drive(kind, { ...piped, prefixCaching: false }, asked);
    // An idle executor fetches one request alone; the second goes into the other micro-batch right after, the third waits.
    expect([...log.firstTokenNs].slice(0, 2)).toEqual([200, 300]);
    expect([...log.lastTokenNs].slice(0, 2)).toEqual([305 + 48 * 10, 300 + 49 * 10]);
    expect(log.scheduledNs[2]).toBe(log.lastTokenNs[0]);
    expect(mostInFlight).toBe(2);
    expect(ledger.passes).toBe(150);
  });
});

describe.each(['fast', 'plain'] as const)('the pipeline of SGLang (%s)', (kind) => {
  it('sends the chunks of a prompt through its slots one after the other: they follow at half their time', () => {
    const { log, mostInFlight } = drive(kind, SGLANG, [{ arrivalNs: 0, input: 400, output: 1 }]);
    // Four chunks of 200 ns, each on its way when the one before has left the first stage.
    expect(log.firstTokenNs[0]).toBe(200 + 3 * 100);
    expect(mostInFlight).toBe(2);
  });

  it('lets half of the requests run in each slot', () => {
    const asked = { arrivalNs: 0, input: 50, output: 50 };
    const { log } = drive(kind, { ...SGLANG, maxSequences: 2 }, [asked, asked]);
    expect(log.firstTokenNs[0]).toBeLessThan(log.firstTokenNs[1]);
  });

  it('waits for the results of the next slot, whoever arrives meanwhile', () => {
    const { log } = drive(kind, SGLANG, [
      { arrivalNs: 0, input: 100, output: 3 },
      { arrivalNs: 50, input: 100, output: 3 },
    ]);
    expect(log.scheduledNs[1]).toBe(200);
  });
});
