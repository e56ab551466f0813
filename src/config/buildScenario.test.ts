import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import { InputError } from '../base/inputError.ts';
import { buildScenario } from './buildScenario.ts';
import { loadWorkload } from './buildWorkload.ts';
import { catalogFacts } from './facts.ts';
import { parsePredict, parseRecommend } from './loadPredict.ts';
import { readFacts } from './readFacts.ts';
import { contextLengthOf } from './replicaSpec.ts';
import { generateWorkload, shapeWorkload } from './shapeWorkload.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

function build(engine: string, load = '{type: poisson, requests_per_second: 2}') {
  const text = `traffic:
  source: {type: synthetic, input_tokens: 100, output_tokens: 10, requests: 20}
  load: ${load}
  stop: {max_virtual_time_seconds: 1.5}
engine:
${engine}
`;
  const config = parsePredict(text, 'f.yaml', [], catalogFacts);
  if (config.traffic.source.type === 'trace') throw new Error('the source is synthetic');
  const workload = shapeWorkload(generateWorkload(config.traffic.source, 0), config.traffic, 0, 1000);
  return buildScenario(config, workload, catalogFacts);
}

const SPLIT = `  {model: meta-llama/Llama-3.1-70B, quantization: fp8, hardware: h100_sxm, context_length: 8192, workers: {
    prefill: {parallelism: {tensor: 2, replicas: 3}}, decode: {parallelism: {tensor: 4}}}, kv_transfer: {latency_ms: 0.5}}`;

test('a disaggregated deployment becomes two pools and a link', () => {
  const { scenario, gpus } = build(SPLIT);
  expect(gpus).toBe(10);
  expect(scenario.pools.map(({ role, replicas, gpusPerReplica }) => [role, replicas, gpusPerReplica])).toEqual([
    ['prefill', 3, 2],
    ['decode', 1, 4],
  ]);
  // 80 layers x 8 KV heads x 128 x keys and values x 2 bytes; 400 Gb/s InfiniBand for each of the two prefill GPUs.
  expect(scenario.transfer).toMatchObject({ kvBytesPerToken: 327_680, bandwidthBytesPerS: 100e9, latencyNs: 500_000 });
  expect(scenario.maxVirtualNs).toBe(1.5e9);
});

test.each(['vllm', 'trtllm'])('attention-DP ranks of %s have limits of their own', (backend) => {
  const pool = (parallelism: string) =>
    build(`  {model: Qwen/Qwen3-30B-A3B, backend: ${backend}, hardware: h200_sxm, context_length: 8192, workers: {aggregated: {
      parallelism: {${parallelism}}, scheduler: {max_sequences: 64, max_batched_tokens: 512}, kv_cache: {capacity: {blocks: 1000}}}}}`)
      .scenario.pools[0];
  expect(pool('tensor: 1').engine).toMatchObject({ maxSequences: 64, maxBatchedTokens: 512, blocks: 1000 });
  const ranks = pool('tensor: 1, attention_data: 4, moe_expert: 4');
  expect(ranks.engine).toMatchObject({ maxSequences: 64, maxBatchedTokens: 512, blocks: 1000, attentionDataRanks: 4 });
  expect(ranks.gpusPerReplica).toBe(4);
});

test('a closed loop keeps its concurrency', () => {
  const { scenario } = build(SPLIT, '{type: concurrency, concurrency: 3}');
  expect(scenario.load).toEqual({ kind: 'closed', concurrency: 3 });
});

test('a stated timing replaces the roofline', () => {
  const { scenario } = build(`  {model: Qwen/Qwen3-8B, hardware: l40s, context_length: 4096, workers: {aggregated: {
    timing: {type: fixed, prefill_ms: 7, decode_ms: 3}}}}`);
  expect(scenario.pools[0].timer.decodeNs(5, 100, 0)).toBe(3e6);
});

describe('a model that does not fit', () => {
  const message = (engine: string) => {
    try {
      build(engine);
    } catch (error) {
      if (error instanceof InputError) return error.message;
      throw error;
    }
    return 'no error';
  };

  test('says what is missing and what would fit', () => {
    // 70.55e9 parameters of 2 bytes are 131.4 GiB; an H100 has 79.1 GiB, of which 92 % may be used.
    const text = message(
      '  {model: meta-llama/Llama-3.1-70B, hardware: h100_sxm, context_length: 8192, workers: {aggregated: {}}}',
    );
    expect(text).toMatch(
      /^engine\.workers\.aggregated: meta-llama\/Llama-3\.1-70B does not fit on 1 x h100_sxm: \d+\.\d GiB a GPU are missing for 131\.4 GiB of weights and one request of 8192 tokens \(tensor (2|4) fits\)$/,
    );
    const missing = Number(/: ([\d.]+) GiB a GPU/.exec(text)![1]);
    expect(missing).toBeGreaterThan(131.4 - 0.92 * 79.1);
    expect(missing).toBeLessThan(131.4 - 0.92 * 79.1 + 8);
  });

  test('offers a shorter context where the weights fit', () => {
    const text = message('  {model: Qwen/Qwen3-8B, hardware: l4, workers: {aggregated: {}}}');
    const shorter = /engine\.context_length (\d+) fits/.exec(text)![1];
    expect(
      message(`  {model: Qwen/Qwen3-8B, hardware: l4, context_length: ${shorter}, workers: {aggregated: {}}}`),
    ).toBe('no error');
    const longer = Number(shorter) + 17;
    expect(
      message(`  {model: Qwen/Qwen3-8B, hardware: l4, context_length: ${longer}, workers: {aggregated: {}}}`),
    ).toContain('does not fit');
  });
});

describe('every example', () => {
  const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.yaml') && !file.includes('facts'));
  const read = (file: string) => readFileSync(join(EXAMPLES, file), 'utf8');

  test.each(files.filter((file) => !file.startsWith('recommend')))('%s is simulated to the end', async (file) => {
    const facts = readFacts(EXAMPLES);
    const config = parsePredict(read(file), file, [{ path: 'traffic.stop.requests', value: 200 }], facts);
    const workload = await loadWorkload(config.traffic, config.seed, EXAMPLES, contextLengthOf(config, facts));
    const { scenario } = buildScenario(config, workload, facts);
    const { submitted, log } = simulate(scenario);
    expect(submitted).toBe(200);
    expect(log.lastTokenNs.every((time) => time > 0)).toBe(true);
  });

  test.each(files.filter((file) => file.startsWith('recommend')))('%s is a goal', async (file) => {
    const config = parseRecommend(read(file), file, [], readFacts(EXAMPLES));
    expect(config.goal.objectives.length).toBeGreaterThan(0);
    const { source } = config.traffic;
    const path = source.type === 'trace' ? source.path : '';
    // Its trace is there, or its head says what writes it.
    expect(existsSync(join(EXAMPLES, path)) || read(file).includes(`> ${path}\n`)).toBe(true);
  });
});
