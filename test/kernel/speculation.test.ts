import { describe, expect, it } from 'vitest';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import type { EngineConfig } from '../../src/engine/engineConfig.ts';
import type { Speculation } from '../../src/engine/speculation.ts';
import { fixedTimer } from '../../src/timing/fixed.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';
import { differences, timelineOf, without } from '../metamorphic/timeline.ts';
import { PLAIN_SGLANG, PLAIN_TRTLLM, PLAIN_VLLM } from '../support/engineConfigs.ts';
import { simulate } from '../support/lawfulSimulation.ts';

const ROOM = { blocks: 10_000, blockTokens: 16, contextLength: 16_384, maxBatchedTokens: 16_384 };
const VLLM = { ...PLAIN_VLLM, ...ROOM };
const SGLANG = { ...PLAIN_SGLANG, contextLength: ROOM.contextLength };
const TRTLLM = { ...PLAIN_TRTLLM, ...ROOM };
const CORES = [
  ['vLLM, fast', 'fast', VLLM],
  ['vLLM, plain', 'plain', VLLM],
  ['asynchronous vLLM, fast', 'fast', { ...VLLM, asyncScheduling: true }],
  ['asynchronous vLLM, plain', 'plain', { ...VLLM, asyncScheduling: true }],
  ['SGLang, fast', 'fast', SGLANG],
  ['SGLang, plain', 'plain', SGLANG],
  ['SGLang with overlap, fast', 'fast', { ...SGLANG, overlap: true }],
  ['SGLang with overlap, plain', 'plain', { ...SGLANG, overlap: true }],
  ['TensorRT-LLM, fast', 'fast', TRTLLM],
  ['TensorRT-LLM, plain', 'plain', TRTLLM],
  ['overlapped TensorRT-LLM, fast', 'fast', { ...TRTLLM, overlap: true }],
  ['overlapped TensorRT-LLM, plain', 'plain', { ...TRTLLM, overlap: true }],
] as const satisfies readonly (readonly [string, 'fast' | 'plain', EngineConfig])[];

interface Run {
  readonly requests: number;
  readonly outputTokens: number;
  readonly decodeMs?: number;
}

function run(
  core: 'fast' | 'plain',
  engine: EngineConfig,
  speculation: Speculation | null,
  load: Run,
): SimulationResult {
  const { requests, outputTokens, decodeMs = 10 } = load;
  const builder = new WorkloadBuilder('speculation', 16);
  for (let request = 0; request < requests; request++) {
    builder.add({ arrivalNs: request * 3e6, inputTokens: 40 + request, outputTokens });
  }
  const pool: PoolSpec = {
    name: 'a',
    role: 'aggregated',
    replicas: 1,
    gpusPerReplica: 1,
    timer: fixedTimer({ prefillMs: 10, decodeMs }),
    engine: { ...engine, speculation },
  };
  const scenario: Scenario = {
    workload: builder.build(),
    load: { kind: 'open', speedup: 1 },
    pools: [pool],
    router: { policy: 'round_robin' },
    transfer: null,
    seed: 1,
    overLength: 'reject',
    maxVirtualNs: Number.POSITIVE_INFINITY,
    core,
    samples: 0,
  };
  return simulate(scenario);
}

/** Mean tokens a decode of one sequence yields. */
function acceptedLength({ workers: [{ draftedDecodes, acceptedDrafts }] }: SimulationResult): number {
  return 1 + acceptedDrafts / draftedDecodes;
}

function drafting(draftTokens: number, probability: number): Speculation {
  return { method: 'eagle', draftTokens, acceptance: Array.from({ length: draftTokens }, () => probability), seed: 7 };
}

describe.each(CORES)('%s', (_, core, engine) => {
  it('accepts (1 - p^(k+1)) / (1 - p) tokens a pass, k drafts each accepted with probability p after those before it', () => {
    const p = 0.7;
    const result = run(core, engine, drafting(3, p), { requests: 8, outputTokens: 6000 });
    const expected = (1 - p ** 4) / (1 - p);
    // 19,000 decodes, each with a standard deviation of 1.2 tokens: 4 standard errors are 0.035.
    expect(Math.abs(acceptedLength(result) - expected)).toBeLessThan(0.035);
  });

  it('is faster by the accepted length over how much longer a pass takes', () => {
    const load = { requests: 1, outputTokens: 4001 };
    const plain = run(core, engine, null, load);
    const result = run(core, engine, drafting(3, 0.6), { ...load, decodeMs: 12.5 });
    const decodeNs = ({ log }: SimulationResult): number => log.lastTokenNs[0] - log.firstTokenNs[0];
    const speedUp = decodeNs(plain) / decodeNs(result);
    // The last pass may have drafts left over.
    expect(speedUp / (acceptedLength(result) / 1.25)).toBeCloseTo(1, 3);
  });

  it('yields k + 1 tokens in every pass if no draft is ever wrong', () => {
    const result = run(core, engine, drafting(4, 1), { requests: 1, outputTokens: 1 + 5 * 40 });
    expect(acceptedLength(result)).toBe(5);
    expect(result.log.lastTokenNs[0] - result.log.firstTokenNs[0]).toBe(40 * 10e6);
    // Tokens of one pass come together: one gap.
    expect(result.gaps.count).toBe(40);
  });

  it('changes nothing if every draft is wrong and none costs anything', () => {
    const load = { requests: 20, outputTokens: 70 };
    const speculation: Speculation = { method: 'ngram', draftTokens: 3, acceptance: [0, 0, 0], seed: 7 };
    const [left, right] = [null, speculation].map((given) =>
      without(timelineOf(run(core, engine, given, load)), 'draftedDecodes'),
    );
    expect(differences(left, right)).toEqual([]);
  });

  it('draws what is accepted by request and token, whoever else is served', () => {
    const alone = run(core, { ...engine, maxSequences: 1 }, drafting(3, 0.5), { requests: 6, outputTokens: 300 });
    const together = run(core, engine, drafting(3, 0.5), { requests: 6, outputTokens: 300 });
    expect(acceptedLength(alone)).toBe(acceptedLength(together));
  });
});
