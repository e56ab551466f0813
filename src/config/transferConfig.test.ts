import { describe, expect, test } from 'vitest';
import { messageOf } from '../../test/support/messageOf.ts';
import { buildScenario } from './buildScenario.ts';
import { catalogFacts } from './facts.ts';
import { parsePredict } from './loadPredict.ts';
import { generateWorkload, shapeWorkload } from './shapeWorkload.ts';
import { writeYaml } from './writeYaml.ts';

const SPLIT = 'prefill: {parallelism: {tensor: 4}}, decode: {parallelism: {tensor: 4}}';

function parse(transfer: string, backend = 'vllm', workers = SPLIT, model = 'meta-llama/Llama-3.1-70B') {
  const text = `traffic: {source: {type: synthetic, input_tokens: 2000, output_tokens: 10, requests: 4}, load: {concurrency: 1}}
engine:
  backend: ${backend}
  kv_transfer: ${transfer}
  model: ${model}
  hardware: h200_sxm
  quantization: fp8
  workers: {${workers}}
`;
  return parsePredict(text, 'f.yaml', [], catalogFacts);
}

function transferOf(...given: Parameters<typeof parse>) {
  const config = parse(...given);
  if (config.traffic.source.type === 'trace') throw new Error('the source is synthetic');
  const workload = shapeWorkload(generateWorkload(config.traffic.source, 0), config.traffic, 0, 1000);
  return buildScenario(config, workload, catalogFacts).scenario.transfer!;
}

describe('the way from prefill to decode', () => {
  test("is the engine's unless the file says otherwise", () => {
    expect(transferOf('{}')).toMatchObject({ order: 'source_first', latencyNs: 0 });
    expect(transferOf('{}', 'trtllm').order).toBe('source_first');
    expect(transferOf('{}', 'sglang').order).toBe('destination_first');
    expect(transferOf('{order: source_first}', 'sglang').order).toBe('source_first');
    for (const absent of ['streamedShare', 'local', 'reshard']) expect(transferOf('{}')).not.toHaveProperty(absent);
  });

  test('streams all layers but the last, and leaves prompts to decode replicas', () => {
    const way =
      '{order: destination_first, streaming: true, local_prefill_tokens: 1000, local_prefill_queue: 8, timeout_seconds: 300}';
    expect(transferOf(way)).toMatchObject({
      timeoutNs: 300e9,
      streamedShare: 79 / 80,
      local: { maxTokens: 1000, maxQueue: 8 },
    });
    expect(transferOf('{local_prefill_queue: 8}').local).toEqual({ maxTokens: 0, maxQueue: 8 });
    expect(transferOf('{local_prefill_tokens: 8}').local!.maxQueue).toBe(Number.POSITIVE_INFINITY);
  });

  test('rearranges KV heads where tensor parallelism differs', () => {
    const { reshard } = transferOf(
      '{}',
      'vllm',
      'prefill: {parallelism: {tensor: 4}}, decode: {parallelism: {tensor: 8}}',
    );
    // 80 layers x 8 heads x 128 x keys and values x 2 bytes = 327,680 bytes, read and written at 8 x 4.8 TB/s.
    expect(reshard![0][1]).toBeCloseTo((2 * 327_680) / (8 * 4.8e12) / 1e-9, 6);
    expect([reshard![0][0], reshard![1][0], reshard![1][1]]).toEqual([0, 0, 0]);
    const mla =
      'prefill: {parallelism: {tensor: 8}}, decode: {parallelism: {tensor: 1, attention_data: 8, moe_expert: 8}}';
    expect(transferOf('{}', 'vllm', mla, 'deepseek-ai/DeepSeek-V3')).not.toHaveProperty('reshard');
  });

  test('comes back from the YAML it is written as', () => {
    const config = parse('{order: destination_first, streaming: true, local_prefill_tokens: 0}');
    expect(parsePredict(writeYaml(config), 'g.yaml', [], catalogFacts)).toEqual(config);
  });

  test.each([
    [
      '{streaming: true}',
      'vllm',
      '4:28 engine.kv_transfer.streaming: nobody has room for the KV before the prompt is computed (set order: destination_first)',
    ],
    [
      '{local_prefill_tokens: 9}',
      'sglang',
      '4:39 engine.kv_transfer.local_prefill_tokens: decode servers of SGLang compute no prompts',
    ],
    [
      '{order: later}',
      'vllm',
      '4:24 engine.kv_transfer.order: must be one of source_first, destination_first, got "later"',
    ],
  ])('refuses %s for %s in one line', (transfer, backend, message) => {
    expect(messageOf(() => parse(transfer, backend))).toBe(`f.yaml:${message}`);
  });

  test('has no place in aggregated mode', () => {
    expect(messageOf(() => parse('{order: source_first}', 'vllm', 'aggregated: {parallelism: {tensor: 4}}'))).toBe(
      'f.yaml:4:24 engine.kv_transfer.order: nothing is handed over in aggregated mode',
    );
  });
});
