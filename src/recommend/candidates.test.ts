import { describe, expect, it } from 'vitest';
import { catalogFacts } from '../config/facts.ts';
import { parseRecommend } from '../config/loadPredict.ts';
import { enumerateCandidates } from './candidates.ts';
import { gpusOf, shapeKey } from './deployment.ts';
import { memoryPlanner } from './memoryRefusal.ts';

function spaceOf(yaml: string) {
  const config = parseRecommend(yaml, 'goal.yaml', [], catalogFacts);
  const space = enumerateCandidates(config, catalogFacts, memoryPlanner(catalogFacts));
  return { configs: [...space.configs()], enumerated: space.enumerated, refusals: space.refusals };
}

const goal = (engine: string, more = ''): string => `
traffic: {source: {type: preset, name: chat}, load: {type: poisson, requests_per_second: 2}}
engine: ${engine}
${more}`;

describe('enumerateCandidates', () => {
  it('counts an aggregated space as the product does by hand', () => {
    const { configs, enumerated, refusals } = spaceOf(
      goal(
        '{mode: aggregated, model: meta-llama/Llama-3.1-8B, hardware: h100_sxm}',
        'optimization: {constraints: {max_candidate_gpus: 4}}',
      ),
    );
    // Replicas 1..4, TP 1, 2, 4, 8, three budgets, three routers, of which one where there is nothing to route.
    expect(enumerated).toBe(4 * 3 * (1 + 3 * 3));
    // Within 4 GPUs: TP1 x1..4, TP2 x1..2, TP4 x1.
    expect(configs).toHaveLength(3 * (3 + (1 + 1 + 1) * 3 + 1 * 3));
    expect(refusals).toEqual([
      { kind: 'bounded_out', reason: 'needs more than 4 GPUs', candidates: enumerated - configs.length },
    ]);
    expect(configs.every((config) => gpusOf(config) <= 4)).toBe(true);
  });

  it('accounts for every point: refused or simulated', () => {
    for (const model of ['Qwen/Qwen3-30B-A3B', 'meta-llama/Llama-3.1-70B']) {
      const space = spaceOf(
        goal(
          `{model: ${model}, hardware: {choices: [l40s, h100_sxm]}}`,
          'optimization: {constraints: {max_candidate_gpus: 8, max_usd_per_hour: 20}}',
        ),
      );
      const refused = space.refusals.reduce((sum, { candidates }) => sum + candidates, 0);
      expect(refused + space.configs.length).toBe(space.enumerated);
      expect(space.configs.length).toBeGreaterThan(0);
    }
  });

  it('refuses what does not fit, by GPU and shape: 70B in bf16 needs two H200 or four L40S', () => {
    const shapes = (hardware: string): string[] => {
      const { configs, refusals } = spaceOf(
        goal(`{mode: aggregated, model: meta-llama/Llama-3.1-70B, hardware: ${hardware}, context_length: 8192}`),
      );
      expect(refusals.some(({ kind }) => kind === 'no_memory')).toBe(true);
      return [...new Set(configs.map(shapeKey))];
    };
    expect(shapes('h200_sxm').map((key) => key.split(' ')[1])).toEqual(['TP2', 'TP4', 'TP8']);
    expect(shapes('l40s').map((key) => key.split(' ')[1])).toEqual(['TP4', 'TP8']);
  });

  it('keeps a large disaggregated space in the hundreds', () => {
    const { configs } = spaceOf(
      goal(
        '{model: meta-llama/Llama-3.1-70B, hardware: h200_sxm, quantization: fp8}',
        'optimization: {constraints: {max_candidate_gpus: 32}}',
      ),
    );
    expect(configs.length).toBeGreaterThan(300);
    expect(configs.length).toBeLessThan(1600);
  });

  it('tries all the user wrote, and judges rules on knobs', () => {
    const yaml = goal(
      `{mode: disaggregated, model: meta-llama/Llama-3.1-8B, hardware: h100_sxm, workers: {
         prefill: {parallelism: {replicas: {choices: [1, 2]}, tensor: 1}, scheduler: {max_batched_tokens: {choices: [2048, 4096]}}},
         decode: {parallelism: {replicas: {choices: [1, 3]}, tensor: {choices: [1, 2]}}}}}
router: {policy: {choices: [round_robin, random]}}`,
    );
    const all = spaceOf(yaml);
    expect(all.configs).toHaveLength(2 * 2 * 2 * 2 * 2);
    const ruled = spaceOf(
      `${yaml}\noptimization: {constraints: {rules: [{knob: engine.workers.decode.parallelism.tensor, min: 2}]}}`,
    );
    expect(ruled.configs).toHaveLength(2 * 2 * 2 * 1 * 2);
    expect(ruled.refusals[0].reason).toBe('breaks engine.workers.decode.parallelism.tensor >= 2');
  });
});
