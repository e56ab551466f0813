import { describe, expect, it } from 'vitest';
import { catalogFacts } from '../config/facts.ts';
import { parsePredict } from '../config/loadPredict.ts';
import { benchmarkPoint } from './benchmarkPoint.ts';
import { launchOf } from './launch.ts';
import { readBenchmark } from './readBenchmark.ts';

const SERVE = {
  backend: 'vllm',
  num_prompts: 80,
  completed: 80,
  max_concurrency: 8,
  total_input_tokens: 81_920,
  total_output_tokens: 10_240,
  mean_ttft_ms: 61.5,
  mean_tpot_ms: 9.25,
};
const PROFILE = {
  request_count: { unit: 'requests', avg: 40 },
  input_sequence_length: { unit: 'tokens', avg: 1000 },
  output_sequence_length: { unit: 'tokens', avg: 200 },
  time_to_first_token: { unit: 's', avg: 0.12 },
  inter_token_latency: { unit: 'ms', avg: 8 },
};

describe("a benchmark tool's result", () => {
  it('is read from vllm bench serve, Infinity included, and from the last of several lines', () => {
    const text = JSON.stringify({ ...SERVE, request_rate: 'X' }).replace('"X"', 'Infinity');
    const wanted = { concurrency: 8, requests: 80, inputTokens: 1024, outputTokens: 128, ttftMs: 61.5, tpotMs: 9.25 };
    expect(readBenchmark(text, 'r.json', null)).toEqual(wanted);
    const first = JSON.stringify({ ...SERVE, mean_ttft_ms: 1 });
    expect(readBenchmark(`${first}\n${text}\n`, 'r.jsonl', null)).toEqual(wanted);
  });

  it('is read from AIPerf and genai-perf, in the unit they name', () => {
    const aiperf = JSON.stringify({ ...PROFILE, input_config: { loadgen: { concurrency: 4 } } });
    expect(readBenchmark(aiperf, 'p.json', null)).toEqual({
      concurrency: 4,
      requests: 40,
      inputTokens: 1000,
      outputTokens: 200,
      ttftMs: 120,
      tpotMs: 8,
    });
    expect(readBenchmark(JSON.stringify(PROFILE), 'p.json', 16)).toMatchObject({ concurrency: 16 });
  });

  it.each([
    ['[1]', /is not a JSON object/],
    ['{"a": 1}', /no result of vllm bench serve/],
    [JSON.stringify(PROFILE), /how many requests ran at once/],
    [JSON.stringify({ ...SERVE, mean_tpot_ms: null }), /r\.json mean_tpot_ms: must be a number/],
    [JSON.stringify({ ...PROFILE, time_to_first_token: { unit: 'weeks', avg: 1 } }), /weeks/],
  ])('is refused where it does not tell: %s', (text, message) => {
    expect(() => readBenchmark(text, 'r.json', text.includes('weeks') ? 4 : null)).toThrow(message);
  });

  it('is a point of the deployment that a configuration describes', () => {
    const config = parsePredict(
      `traffic: {source: {type: preset, name: chat}, load: {type: concurrency, concurrency: 1}}
engine: {model: Qwen/Qwen3-32B, hardware: h100_sxm, quantization: fp8, workers: {aggregated: {parallelism: {tensor: 2}, scheduler: {max_batched_tokens: 4096}}}}`,
      'c.yaml',
      [],
      catalogFacts,
    );
    const point = benchmarkPoint(readBenchmark(JSON.stringify(SERVE), 'r.json', null), config, catalogFacts, 'r.json');
    expect(point).toMatchObject({ requestsPerSlot: 10, concurrency: 8, weightDtype: 'fp8', inputTokens: 1024 });
    expect(launchOf(point).engine).toMatchObject({ backend: 'vllm', maxBatchedTokens: 4096 });
    expect(launchOf(point).spec.parallelism.tensor).toBe(2);
  });
});
