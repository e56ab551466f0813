import { describe, expect, it } from 'vitest';
import { SHIPPED_CALIBRATION } from '../timing/calibration.ts';
import { launchOf } from './launch.ts';
import { readPoints } from './readPoints.ts';
import { replay } from './replay.ts';
import { Replayer } from './replayer.ts';

const TEXT = `model,system,backend,backend_version,gemm_dtype,input_tokens,output_tokens,length_range,concurrency,tensor,attention_data,ttft_mean_ms,tpot_mean_ms,polling_interval,max_batched_tokens,memory_fraction,batch_wait_iterations,batch_wait_max_tokens_ratio,measured
meta-llama/Llama-3.1-70B,h100_sxm,vllm,0.12.0,fp8,1024,128,0.8-1.0,4,4,1,100,10,,2048,0.9,,,
meta-llama/Llama-3.1-70B,h100_sxm,vllm,0.19.0,fp8,1024,128,0.8-1.0,16,4,1,150,12,,,0.9,,,
deepseek-ai/DeepSeek-R1,b200_sxm,sglang,0.5.9,fp8_block,1024,128,0.8-1.0,8,8,1,300,15,30,32768,,,,2026-03-01
deepseek-ai/DeepSeek-R1,b200_sxm,trtllm,1.2.0,fp8_block,1024,128,0.8-1.0,16,1,8,300,15,,1152,,20,0.9,
`;
const MODEL = { coefficients: SHIPPED_CALIBRATION.coefficients, group: null };
const points = readPoints(TEXT, 'm.csv');

describe('a launch', () => {
  it('follows the recipe, and the version where it is silent', () => {
    const engines = points.map((point) => launchOf(point).engine);
    expect(engines[0]).toMatchObject({ backend: 'vllm', maxBatchedTokens: 2048, asyncScheduling: false });
    expect(engines[1]).toMatchObject({ backend: 'vllm', maxBatchedTokens: 8192, asyncScheduling: true });
    expect(engines[2]).toMatchObject({
      backend: 'sglang',
      pollingInterval: 30,
      chunkedPrefillTokens: 32_768,
      adder: 'paged',
      keepsGenerated: true,
      overlap: true,
    });
    expect(engines[3]).toMatchObject({
      backend: 'trtllm',
      chunkedPrefill: false,
      batchWaitIterations: 20,
      batchWaitTokensRatio: 0.9,
    });
  });

  it('shares a batch among attention-DP ranks, kept apart or summed', () => {
    const { engine, spec } = launchOf(points[3]);
    expect(spec.parallelism.attentionData).toBe(8);
    const { attentionDataRanks } = engine;
    expect('maxBatchedTokens' in engine && engine.maxBatchedTokens * attentionDataRanks).toBe(8 * 1152);
    expect(engine.maxSequences * attentionDataRanks).toBe(8 * 1152);
  });

  it('has room for the prompts of a server without chunks', () => {
    const { engine } = launchOf({ ...points[3], inputTokens: 4096 });
    expect('maxBatchedTokens' in engine && engine.maxBatchedTokens * engine.attentionDataRanks).toBe(8 * 4096);
  });

  it('takes the cache for too small only when it clearly is', () => {
    const [point] = points;
    const blocks = (concurrency: number) => launchOf({ ...point, concurrency }).engine.blocks;
    // Llama-70B in fp8 on four H100 leaves room for some 640,000 tokens of fp8 KV a replica.
    const planned = blocks(64);
    expect(blocks(Math.floor((planned * 16 * 1.4) / 1152)) * 16).toBeGreaterThan(planned * 16 * 1.3);
    expect(blocks(Math.floor((planned * 16 * 2) / 1152)) / planned).toBeCloseTo(1, 1);
  });
});

describe('a replay', () => {
  it('gives plausible means that grow with concurrency', () => {
    const [point] = points;
    const [few, many] = [1, 64].map((concurrency) => replay({ ...point, concurrency }, MODEL));
    expect(few.tpotMs).toBeGreaterThan(3);
    expect(few.tpotMs).toBeLessThan(20);
    expect(many.tpotMs).toBeGreaterThan(few.tpotMs);
    expect(many.ttftMs).toBeGreaterThan(2 * few.ttftMs);
  });

  it('does not keep requests of one length in step', () => {
    const [point] = points;
    const inStep = { ...point, concurrency: 64, lengthShares: [1, 1] as const };
    const apart = { ...inStep, lengthShares: [0.96, 1.04] as const };
    expect(replay(inStep, MODEL)).toEqual(replay(apart, MODEL));
  });

  it('does not depend on the number of threads', async () => {
    const answers = [];
    for (const threads of [1, 2]) {
      const replayer = new Replayer(threads);
      answers.push(await replayer.replay(points, () => MODEL));
      await replayer.close();
    }
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0].every(({ means }) => means !== null)).toBe(true);
  });

  it('says why a point has no answer', async () => {
    const replayer = new Replayer(1);
    const [answer] = await replayer.replay([{ ...points[0], model: 'acme/none' }], () => MODEL);
    expect(answer).toMatchObject({ means: null, message: expect.stringContaining('no model "acme/none"') });
    await replayer.close();
  });
});
