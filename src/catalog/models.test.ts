import { describe, expect, it } from 'vitest';
import { InputError } from '../base/inputError.ts';
import { attentionLayers, type ModelFacts } from './model.ts';
import { findModel, listModels } from './models.ts';
import { derivedParameters } from './weights.ts';

/** Published totals and active counts in billions (active with embedding and head), and KV KiB per token in bf16. */
const PUBLISHED: readonly [id: string, total: number, active: number, kvKib: number][] = [
  ['meta-llama/Llama-3.1-8B', 8.03, 8.03, 128],
  ['meta-llama/Llama-3.1-70B', 70.6, 70.6, 320],
  ['meta-llama/Llama-3.1-405B', 405.9, 405.9, 504],
  ['Qwen/Qwen2.5-7B-Instruct', 7.62, 7.62, 56],
  ['Qwen/Qwen2.5-32B-Instruct', 32.8, 32.8, 256],
  ['Qwen/Qwen2.5-72B-Instruct', 72.7, 72.7, 320],
  ['Qwen/Qwen3-0.6B', 0.6, 0.6, 112],
  ['Qwen/Qwen3-1.7B', 1.72, 1.72, 112],
  ['Qwen/Qwen3-4B', 4.02, 4.02, 144],
  ['Qwen/Qwen3-8B', 8.19, 8.19, 144],
  ['Qwen/Qwen3-14B', 14.8, 14.8, 160],
  ['Qwen/Qwen3-32B', 32.8, 32.8, 256],
  ['Qwen/Qwen3-30B-A3B', 30.5, 3.35, 96],
  ['Qwen/Qwen3-235B-A22B', 235.1, 22.2, 188],
  ['Qwen/Qwen3-Coder-480B-A35B-Instruct', 480.2, 35.5, 248],
  ['Qwen/Qwen3-Next-80B-A3B-Instruct', 79.7, 3.87, 24],
  ['Qwen/Qwen3.5-27B', 26.9, 26.9, 64],
  // Often rounded to 3.5.
  ['Qwen/Qwen3.5-35B-A3B', 34.7, 3.45, 20],
  ['Qwen/Qwen3.5-122B-A10B', 122.1, 9.8, 24],
  ['openai/gpt-oss-20b', 20.9, 4.2, 48],
  ['openai/gpt-oss-120b', 116.8, 5.7, 72],
  ['deepseek-ai/DeepSeek-V3', 671.0, 37.6, 68.6],
  ['deepseek-ai/DeepSeek-R1', 671.0, 37.6, 68.6],
  // V3 and its indexer, 61 x (1536 x 64 x 128 + 7168 x (128 + 64)).
  ['deepseek-ai/DeepSeek-V3.2', 671.9, 38.45, 68.6],
  ['moonshotai/Kimi-K2-Instruct', 1026, 32.9, 68.6],
  ['zai-org/GLM-4.5', 352.8, 33.6, 368],
  ['zai-org/GLM-4.5-Air', 106.9, 13.4, 184],
  ['mistralai/Mixtral-8x22B-v0.1', 140.6, 39.2, 224],
  ['mistralai/Mistral-Small-24B-Instruct-2501', 23.6, 23.6, 160],
  ['mistralai/Mistral-Large-Instruct-2411', 122.6, 122.6, 352],
  ['microsoft/phi-4', 14.7, 14.7, 200],
  ['google/gemma-3-27b-it', 27.0, 27.0, 496],
  ['mistralai/Mixtral-8x7B-v0.1', 46.7, 12.9, 128],
  ['MiniMaxAI/MiniMax-M2.5', 228.7, 11.0, 248],
  ['moonshotai/Kimi-K2.5', 1026, 32.9, 68.6],
  ['Qwen/Qwen3.5-397B-A17B', 396.4, 17.4, 30],
  ['zai-org/GLM-5', 744, 41.8, 87.8],
];

function kvKibPerToken(model: ModelFacts): number {
  const { attention } = model;
  const perLayer =
    attention.kind === 'mla' ? attention.kvLoraRank + attention.ropeHeadDim : 2 * attention.kvHeads * attention.headDim;
  return (perLayer * attentionLayers(model) * 2) / 1024;
}

describe('catalog models', () => {
  it.each(PUBLISHED)('%s has its published parameters and KV width', (id, total, active, kvKib) => {
    const model = findModel(id);
    const derived = derivedParameters(model);
    expect(Math.abs(derived.total / 1e9 / total - 1)).toBeLessThan(0.01);
    expect(Math.abs(derived.active / 1e9 / active - 1)).toBeLessThan(0.01);
    expect(kvKibPerToken(model)).toBeCloseTo(kvKib, 1);
  });

  it.each(listModels().map((model) => [model.id, model] as const))('%s agrees with its own card', (_, model) => {
    expect(model.sources['*']).toMatch(/config\.json$/);
    if (model.publishedParameters === null) return;
    expect(model.sources.publishedParameters).toBeTruthy();
    expect(Math.abs(derivedParameters(model).total / model.publishedParameters - 1)).toBeLessThan(0.01);
  });

  it('knows which checkpoints are quantized, and how', () => {
    const formats = (id: string) => [findModel(id).checkpointDtype, findModel(id).expertDtype];
    expect(formats('meta-llama/Llama-3.1-70B')).toEqual(['bf16', null]);
    expect(formats('Qwen/Qwen3-32B-FP8')).toEqual(['fp8_block', null]);
    expect(formats('deepseek-ai/DeepSeek-R1')).toEqual(['fp8_block', null]);
    expect(formats('openai/gpt-oss-120b')).toEqual(['bf16', 'mxfp4']);
    expect(formats('moonshotai/Kimi-K2.5')).toEqual(['bf16', 'int4']);
  });

  it('windows every second layer of gpt-oss at 128 tokens and nothing else', () => {
    expect(findModel('openai/gpt-oss-120b').attention).toMatchObject({ slidingWindow: 128, windowedLayers: 18 });
    const windowed = listModels().filter(
      (model) => model.attention.kind === 'gqa' && model.attention.windowedLayers > 0,
    );
    expect(windowed.map((model) => model.id)).toEqual([
      'openai/gpt-oss-20b',
      'openai/gpt-oss-120b',
      'google/gemma-3-27b-it',
    ]);
  });

  it.each([
    ['meta-llama/Llama-3.1-8B', 131072],
    ['Qwen/Qwen3-8B', 40960],
    ['openai/gpt-oss-120b', 131072],
    ['deepseek-ai/DeepSeek-R1', 163840],
    ['MiniMaxAI/MiniMax-M2.5', 196608],
    ['MiniMaxAI/MiniMax-M2.7', 204800],
    ['moonshotai/Kimi-K2.5', 262144],
  ])('%s allows %i tokens', (id, tokens) => {
    expect(findModel(id).contextLength).toBe(tokens);
  });

  it('says where a variant differs from the checkpoint it shares its shape with', () => {
    expect(findModel('Qwen/Qwen3-32B-FP8').sources).toEqual({
      '*': 'Qwen/Qwen3-32B config.json',
      publishedParameters: 'Qwen/Qwen3-32B model card',
      quantization_config: 'Qwen/Qwen3-32B-FP8 config.json',
    });
  });

  it('lists every id once', () => {
    const ids = listModels().map((model) => model.id.toLowerCase());
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('findModel', () => {
  it('ignores case, allows the name without its owner, and keeps the checkpoint asked for', () => {
    expect(findModel('QWEN/qwen3-32b').id).toBe('Qwen/Qwen3-32B');
    expect(findModel('gpt-oss-120b').id).toBe('openai/gpt-oss-120b');
    expect(findModel('meta-llama/Llama-3.3-70B-Instruct')).toMatchObject({
      id: 'meta-llama/Llama-3.3-70B-Instruct',
      layers: 80,
    });
  });

  it.each([
    ['meta-llama/Llama-3.1-70', 'meta-llama/Llama-3.1-70B'],
    ['Qwen/Qwen3-235B', 'Qwen/Qwen3-235B-A22B'],
    ['DeepSek-R1', 'deepseek-ai/DeepSeek-R1'],
    ['mistralai/Mixtral-8x7B', 'mistralai/Mixtral-8x7B-v0.1'],
  ])('guesses what %s was meant to be', (typed, meant) => {
    expect(() => findModel(typed)).toThrow(InputError);
    expect(() => findModel(typed)).toThrow(`no model "${typed}" in the catalog (did you mean "${meant}"?`);
  });

  it('offers the way out when nothing is near', () => {
    expect(() => findModel('acme/secret')).toThrow(/no model "acme\/secret".*path of its Hugging Face config\.json/);
  });
});
