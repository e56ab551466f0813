import { describe, expect, test } from 'vitest';
import { messageOf } from '../../test/support/messageOf.ts';
import { testFacts, testGpu } from '../../test/support/testFacts.ts';
import { parsePredict } from './loadPredict.ts';
import { acceptanceOf, acceptedLength } from './resolveSpeculation.ts';
import { memFractionStatic, runningRequests } from './sglangMemory.ts';

const facts = {
  ...testFacts,
  hardware: (name: string) => {
    const mib: Record<string, number> = { h100: 81_559, h200: 143_771, b200: 183_359, a100_40: 40_960, edge: 163_840 };
    return mib[name] === undefined ? testFacts.hardware(name) : testGpu(name, mib[name] / 1024);
  },
};

function parse(engine: string, worker: string, model = 'test/moe') {
  const text = `traffic: {source: {type: preset, name: chat}, load: {concurrency: 1}}
engine: {model: ${model}, ${engine}, workers: {aggregated: {${worker}}}}
`;
  return parsePredict(text, 'f.yaml', [], facts).engine.workers.aggregated![0];
}

describe('SGLang', () => {
  // Chunk and graphs by memory, then mem_fraction_static: worked by hand from the formula of v0.5.6.
  test.each([
    ['h100', 'tensor: 1', 8192, 256, 0.835],
    ['h100', 'tensor: 8', 8192, 512, 0.818],
    ['h200', 'tensor: 1', 8192, 256, 0.907],
    ['h200', 'tensor: 8', 8192, 512, 0.897],
    ['b200', 'tensor: 1', 16384, 512, 0.857],
    ['b200', 'tensor: 8', 16384, 512, 0.852],
    ['a100_40', 'tensor: 1', 4096, 32, 0.833],
    // The first GPU of the largest class.
    ['edge', 'tensor: 1', 16384, 512, 0.84],
    ['l4', 'tensor: 1', 2048, 24, 0.833],
  ])('%s {%s}: chunk %i, graphs up to %i, fraction %f', (gpu, shape, chunk, graph, fraction) => {
    const pool = parse(`backend: sglang, hardware: ${gpu}`, `parallelism: {${shape}}`);
    expect(pool.scheduler.max_batched_tokens).toBe(chunk);
    expect(pool.cuda_graphs).toEqual({ max_size: graph, padding: true });
    expect(pool.kv_cache.capacity).toEqual({ memory_fraction: fraction });
    expect(pool.kv_cache.block_size).toBe(1);
    expect(pool.scheduler.max_sequences).toBeNull();
  });

  test('attention-DP ranks share the chunk, and graphs of all of them are set aside', () => {
    const pool = parse('backend: sglang, hardware: h200', 'parallelism: {attention_data: 8, moe_expert: 8}');
    expect(pool.scheduler.max_batched_tokens).toBe(1024);
    // 512 + 1.5 x 8192 + 2 x 512 + 128 x 8 + 3 x 512 x 8 + 1.5 x 512 x 8 = 33,280 MiB
    expect(pool.kv_cache.capacity).toEqual({
      memory_fraction: Math.round(((143_771 - 33_280) / 143_771) * 1000) / 1000,
    });
  });

  test('drafts have their own reserve', () => {
    const on = {
      memoryMib: 81_559,
      prefillTokens: 8192,
      graphSize: 256,
      tensor: 1,
      pipeline: 1,
      attentionDataRanks: 1,
    };
    const speculation = (method: 'eagle' | 'draft_model' | 'ngram') => ({
      method,
      draft_tokens: 1,
      acceptance: [1],
      draft_model: null,
    });
    expect(memFractionStatic({ ...on, speculation: speculation('ngram') })).toBe(0.835);
    expect(memFractionStatic({ ...on, speculation: speculation('eagle') })).toBe(0.81);
    expect(memFractionStatic({ ...on, speculation: speculation('draft_model') })).toBe(0.76);
  });

  test('a default that leaves no memory is refused', () => {
    expect(messageOf(() => parse('backend: sglang, hardware: l4', 'scheduler: {chunked_prefill: false}'))).toBe(
      "f.yaml:2:68 engine.workers.aggregated.kv_cache.capacity: SGLang's own default would reserve all of the 22528 MiB of l4 for prefill and graphs (give memory_fraction, or fewer max_batched_tokens)",
    );
  });

  test('requests that may run follow from the cache', () => {
    expect(runningRequests(500_000, 131_072)).toBe(2048);
    expect(runningRequests(500_000, 50_000)).toBe(4096);
    expect(runningRequests(3_000, 1_000)).toBe(1500);
  });

  test('with speculation 48 requests may run in all, and not everything goes with it', () => {
    const speculating = (method: string, rest = '') =>
      parse(
        'backend: sglang, hardware: h100',
        `speculation: {method: ${method}, draft_tokens: 3, acceptance: 0.5}${rest}`,
      );
    expect(speculating('mtp').scheduler.max_sequences).toBe(48);
    expect(speculating('ngram', ', parallelism: {tensor: 2}').scheduler.max_sequences).toBe(48);
    expect(speculating('mtp', ', parallelism: {attention_data: 4}').scheduler.max_sequences).toBe(12);
    expect(speculating('mtp', ', scheduler: {max_sequences: 200}').scheduler.max_sequences).toBe(200);
    expect(messageOf(() => speculating('mtp', ', scheduler: {mixed_batches: true}'))).toContain(
      'scheduler.mixed_batches: SGLang does not mix with speculation (leave it off)',
    );
    expect(messageOf(() => speculating('ngram', ', parallelism: {attention_data: 2}'))).toContain(
      'speculation.method: SGLang has no ngram drafts with DP attention',
    );
  });

  test('pipeline stages run one batch each, without overlap, mixing and drafts', () => {
    const staged = (rest = '') => parse('backend: sglang, hardware: h100', `parallelism: {pipeline: 2}${rest}`);
    expect(staged().scheduler.async).toBe(false);
    expect(messageOf(() => staged(', scheduler: {async: true}'))).toContain(
      'cannot overlap passes with pipeline stages',
    );
    expect(messageOf(() => staged(', scheduler: {mixed_batches: true}'))).toContain(
      'does not mix with pipeline stages',
    );
    const drafts = ', speculation: {method: mtp, draft_tokens: 1, acceptance: 0.5}';
    expect(messageOf(() => staged(drafts))).toContain('SGLang has no drafts with pipeline stages');
  });

  test('without chunks a pass is bounded by max_prefill_tokens', () => {
    const unchunked = (rest: string) =>
      parse('backend: sglang, hardware: h100', `scheduler: {chunked_prefill: false${rest}}`);
    expect(unchunked('').scheduler.max_batched_tokens).toBe(16384);
    expect(messageOf(() => unchunked(', max_batched_tokens: 8192'))).toContain(
      'without chunked prefill it is max_prefill_tokens (16384), got 8192',
    );
    expect(
      messageOf(() =>
        parse('backend: sglang, hardware: h100', 'scheduler: {max_batched_tokens: 100}, kv_cache: {block_size: 64}'),
      ),
    ).toContain('must be a multiple of the page of 64 tokens, got 100');
  });
});

describe('TensorRT-LLM', () => {
  test('has one set of defaults for every GPU', () => {
    for (const gpu of ['l4', 'h100', 'b200']) {
      const pool = parse(`backend: trtllm, hardware: ${gpu}`, '');
      expect(pool.scheduler).toMatchObject({
        max_batched_tokens: 8192,
        max_sequences: 2048,
        chunked_prefill: false,
        async: true,
        capacity_policy: 'GUARANTEED_NO_EVICT',
        balance: false,
      });
      expect(pool.scheduler).not.toHaveProperty('policy');
      expect(pool.kv_cache).toMatchObject({ block_size: 32, capacity: { memory_fraction: 0.9 } });
      expect(pool.cuda_graphs).toEqual({ max_size: 128, padding: false });
    }
  });

  test('spreads attention DP over all GPUs of a replica', () => {
    expect(
      messageOf(() => parse('backend: trtllm, hardware: h100', 'parallelism: {tensor: 2, attention_data: 2}')),
    ).toContain('parallelism.tensor: must be 1 with attention DP');
  });
});

test('experts are sliced and spread at once where the engine can', () => {
  const shape = 'parallelism: {tensor: 8, moe_expert: 4, moe_tensor: 2}';
  expect(parse('backend: sglang, hardware: h100', shape).parallelism).toMatchObject({ moe_tensor: 2, moe_expert: 4 });
  expect(messageOf(() => parse('backend: vllm, hardware: h100', shape))).toContain('vLLM has no mixed shape');
});

describe('versions of vLLM', () => {
  const vllm = (version: string, gpu: string, worker = '') =>
    parse(`backend_version: "${version}", hardware: ${gpu}`, worker);

  test.each([
    ['0.8.5', 'a100_sxm', 8192, 1024],
    ['0.10.0', 'a100_sxm', 2048, 256],
    ['0.19.0', 'b200', 8192, 1024],
    ['0.28.0', 'b200', 16384, 1024],
  ])('%s on %s: %i tokens, %i sequences', (version, gpu, tokens, sequences) => {
    expect(vllm(version, gpu).scheduler).toMatchObject({ max_batched_tokens: tokens, max_sequences: sequences });
  });

  test('memory and knobs follow the version', () => {
    expect(vllm('0.19.0', 'h100').kv_cache.capacity).toEqual({ memory_fraction: 0.9 });
    expect(vllm('0.28.0', 'h100').kv_cache.capacity).toEqual({ memory_fraction: 0.92 });
    expect(vllm('0.19.0', 'h100').scheduler).not.toHaveProperty('watermark');
    expect(vllm('0.28.0', 'h100').scheduler.watermark).toBe(0);
    expect(messageOf(() => vllm('0.19.0', 'h100', 'scheduler: {watermark: 0.01}'))).toContain(
      'scheduler.watermark: vLLM has it since 0.23.0, and this is 0.19.0',
    );
    expect(messageOf(() => vllm('newest', 'h100'))).toBe(
      'f.yaml:2:44 engine.backend_version: must be a version such as 0.28.0, got "newest" (dynosim catalog engines lists those with a profile)',
    );
    expect(messageOf(() => parse('backend_version: 0.10, hardware: h100', ''))).toContain(
      'must be a text, got 0.1 (a version needs quotes: "0.10.0")',
    );
  });
});

describe('a knob that the engine does not have', () => {
  test.each([
    ['vllm', 'polling_interval: 10', 'scheduler.polling_interval: vLLM has no such setting'],
    ['vllm', 'mixed_batches: true', 'vLLM has no such setting (it always mixes prompts and decodes)'],
    ['vllm', 'policy: lpm', 'scheduler.policy: vLLM has fcfs, priority, got "lpm"'],
    ['sglang', 'capacity_policy: MAX_UTILIZATION', 'SGLang has no such setting (it retracts; see conservativeness)'],
    ['sglang', 'policy: priority', 'scheduler.policy: SGLang has fcfs, lpm, dfs-weight, lof, random, got "priority"'],
    ['trtllm', 'policy: fcfs', 'TensorRT-LLM has no such setting (it serves in order of arrival; see capacity_policy)'],
  ])('%s {%s}', (backend, scheduler, message) => {
    expect(messageOf(() => parse(`backend: ${backend}, hardware: h100`, `scheduler: {${scheduler}}`))).toContain(
      message,
    );
  });
});

describe('speculation', () => {
  const speculating = (given: string, engine = 'hardware: h100') =>
    parse(engine, `speculation: {${given}}`).speculation!.acceptance;

  test('one probability stands for every draft, a mean length for the probability that gives it', () => {
    expect(speculating('method: mtp, draft_tokens: 3, acceptance: 0.5')).toEqual([0.5, 0.5, 0.5]);
    expect(speculating('method: mtp, draft_tokens: 2, acceptance: [0.9, 0.5]')).toEqual([0.9, 0.5]);
    // 1 + p + p^2 = 1.75 at p = 0.5.
    for (const each of speculating('method: mtp, draft_tokens: 2, accepted_length: 1.75'))
      expect(each).toBeCloseTo(0.5, 12);
    expect(acceptedLength([acceptanceOf(2.49, 3), acceptanceOf(2.49, 3), acceptanceOf(2.49, 3)])).toBeCloseTo(2.49, 12);
    expect(acceptanceOf(4, 3)).toBe(1);
  });

  test.each([
    ['method: mtp, draft_tokens: 2', 'acceptance: required: how many drafts are accepted'],
    ['method: mtp, draft_tokens: 2, acceptance: 0.5, accepted_length: 2', 'has no place beside acceptance'],
    ['method: mtp, draft_tokens: 2, accepted_length: 4', 'must be at most draft_tokens + 1 = 3, got 4'],
    ['method: mtp, draft_tokens: 2, acceptance: [0.5]', 'must have one value for each of 2 drafts, got 1'],
  ])('{%s}', (given, message) => {
    expect(messageOf(() => speculating(given))).toContain(message);
  });

  test('drafts that cannot be in flight switch overlap off', () => {
    const async = (engine: string, method: string, given = '') =>
      parse(`${engine}, hardware: h100`, `speculation: {method: ${method}, draft_tokens: 1, acceptance: 0.5}${given}`)
        .scheduler.async;
    expect(async('backend: sglang, backend_version: "0.5.6"', 'eagle')).toBe(false);
    expect(async('backend: sglang', 'eagle')).toBe(true);
    expect(async('backend: vllm', 'ngram')).toBe(false);
    expect(messageOf(() => async('backend: vllm', 'ngram', ', scheduler: {async: true}'))).toContain(
      'scheduler.async: vLLM 0.28.0 cannot overlap passes with ngram drafts',
    );
  });
});
