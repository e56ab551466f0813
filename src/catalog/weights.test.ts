import { describe, expect, it } from 'vitest';
import type { ModelFacts } from './model.ts';
import { findModel } from './models.ts';
import { BYTES_PER_WEIGHT, derivedParameters, weightBreakdown, weightBytes } from './weights.ts';

const GIB = 1024 * 1024 * 1024;

/** Small enough to write every matrix out by hand. */
const TINY: ModelFacts = {
  id: 'tiny',
  hiddenSize: 4,
  layers: 3,
  attention: {
    kind: 'gqa',
    heads: 2,
    kvHeads: 1,
    headDim: 3,
    slidingWindow: null,
    windowedLayers: 0,
    outputGate: false,
  },
  linear: null,
  denseSize: 7,
  moe: { experts: 5, topK: 2, expertSize: 6, sharedSize: 8, firstDenseLayers: 1 },
  vocabSize: 10,
  tiedEmbeddings: true,
  contextLength: 16,
  checkpointDtype: 'bf16',
  expertDtype: null,
  publishedParameters: null,
  sources: { '*': 'test' },
};

/** Sum of rows x columns of every matrix named. */
function count(matrices: readonly (readonly [number, number])[]): number {
  return matrices.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
}

describe('weightBreakdown', () => {
  it('counts the matrices of a grouped-query MoE model', () => {
    const query = [4, 6] as const;
    const key = [4, 3] as const;
    const oneExpert = count([
      [4, 6],
      [4, 6],
      [6, 4],
    ]);
    expect(weightBreakdown(TINY)).toEqual({
      embedding: 40,
      lmHead: 0,
      attentionLayers: 3,
      linearLayers: 0,
      linearPerLayer: 0,
      attentionPerLayer: { byHead: count([query, query]), byKvHead: count([key, key]), replicated: 0, total: 72 },
      denseLayers: 1,
      denseFfnPerLayer: count([
        [4, 7],
        [4, 7],
        [7, 4],
      ]),
      moeLayers: 2,
      oneExpert,
      routedExpertsPerLayer: 5 * oneExpert,
      sharedExpertsPerLayer: count([
        [4, 8],
        [4, 8],
        [8, 4],
      ]),
      routerPerLayer: count([[4, 5]]),
    });
  });

  it('tells the copied from the split matrices of latent attention', () => {
    const { attentionPerLayer } = weightBreakdown(findModel('deepseek-ai/DeepSeek-V3'));
    // q_a_proj and kv_a_proj_with_mqa against q_b_proj, kv_b_proj and o_proj of one layer.
    expect(attentionPerLayer.replicated).toBe(
      count([
        [7168, 1536],
        [7168, 576],
      ]),
    );
    expect(attentionPerLayer.byHead).toBe(
      count([
        [1536, 24576],
        [512, 32768],
        [16384, 7168],
      ]),
    );
  });

  it('counts a query without a latent as one matrix', () => {
    const attention = {
      kind: 'mla',
      heads: 2,
      qLoraRank: null,
      kvLoraRank: 5,
      nopeHeadDim: 3,
      ropeHeadDim: 1,
      vHeadDim: 2,
      indexer: null,
    };
    const { attentionPerLayer } = weightBreakdown({ ...TINY, attention: attention as ModelFacts['attention'] });
    expect(attentionPerLayer.byHead).toBe(
      count([
        [4, 8],
        [5, 10],
        [4, 4],
      ]),
    );
    expect(attentionPerLayer.replicated).toBe(count([[4, 6]]));
  });
});

describe('derivedParameters', () => {
  it('differs from total to active by the experts a token skips', () => {
    const { total, active } = derivedParameters(TINY);
    expect(total - active).toBe(2 * (5 - 2) * 3 * 4 * 6);
  });
});

describe('weightBytes', () => {
  it.each([
    // OpenAI's gpt-oss model card: a 60.8 GiB checkpoint.
    ['openai/gpt-oss-120b', 60.8 * GIB],
    // Weights in bf16 are two bytes a parameter: 141 GB of safetensors.
    ['meta-llama/Llama-3.1-70B', 141.1e9],
    // DeepSeek-V3's README: 671 B parameters of the main model in fp8, embedding and head in bf16.
    ['deepseek-ai/DeepSeek-V3', 671e9 + 2 * 129280 * 7168],
  ])('of the published checkpoint of %s', (id, bytes) => {
    expect(Math.abs(weightBytes(findModel(id)) / bytes - 1)).toBeLessThan(0.005);
  });

  it('takes 4.5 bits for a routed expert of Kimi-K2.5, which comes in 64 files of a little under 10 GB', () => {
    expect(BYTES_PER_WEIGHT.int4 * 8).toBe(4.5);
    const gigabytes = weightBytes(findModel('moonshotai/Kimi-K2.5')) / 1e9;
    expect(gigabytes).toBeGreaterThan(0.9 * 640);
    expect(gigabytes).toBeLessThan(640);
  });

  it('keeps embedding, head and routers in bf16 whatever the rest is', () => {
    const bf16 = weightBytes(TINY, 'bf16');
    const fp8 = weightBytes(TINY, 'fp8');
    expect(bf16 - fp8).toBe(derivedParameters(TINY).total - 40 - 2 * 20);
  });

  it('uses the expert format for the routed experts only', () => {
    const experts = 2 * 5 * 3 * 4 * 6;
    expect(weightBytes(TINY, 'bf16') - weightBytes(TINY, 'bf16', 'nvfp4')).toBe(experts * (2 - 0.5625));
    expect(weightBytes(TINY, 'fp8', 'mxfp4')).toBe(weightBytes(TINY, 'fp8') - experts * (1 - 0.53125));
  });
});
