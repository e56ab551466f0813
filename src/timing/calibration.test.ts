import { describe, expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { bandsFor, extrapolates, SHIPPED_CALIBRATION } from './calibration.ts';
import type { ReplicaSpec } from './replica.ts';
import { rooflineCaveats } from './rooflineErrors.ts';

const MEASURED: ReplicaSpec = {
  model: findModel('Qwen/Qwen3-32B'),
  hardware: findHardware('h100_sxm'),
  parallelism: { tensor: 2, pipeline: 1, attentionData: 1, moeTensor: 1, moeExpert: 1 },
  weightDtype: 'fp8',
  expertDtype: 'fp8',
  kvDtype: 'fp8',
};
const { covers } = SHIPPED_CALIBRATION;

describe('beyond what any measured run had', () => {
  it.each([
    ['a GPU', { hardware: findHardware('a100_sxm') }, 0, /^GPU a100_sxm$/],
    ['a weight format', { weightDtype: 'int8' }, 0, /^int8 weights$/],
    ['a size of model', { model: findModel('Qwen/Qwen3-30B-A3B') }, 0, /^a model of 3\.\d B active parameters/],
    ['GPUs of a replica', { parallelism: { ...MEASURED.parallelism, tensor: 16 } }, 0, /^16 GPUs a replica/],
    ['lengths of requests', {}, 100_000, /^requests of 100000 tokens \(measured: up to 9216\)/],
  ] as const)('%s is named and widens the bands by half', (_, change, contextTokens, words) => {
    const spec = { ...MEASURED, ...change };
    const [named, ...others] = extrapolates(covers, spec, contextTokens);
    expect(named).toMatch(words);
    expect(others).toEqual([]);
    // A kind without a vector, so that nothing but the extrapolation differs.
    const strange = { ...SHIPPED_CALIBRATION, groups: {} };
    const inside = bandsFor(strange, MEASURED, 'vllm');
    const outside = bandsFor(strange, spec, 'vllm', contextTokens);
    for (const metric of ['ttft', 'tpot'] as const) {
      expect(Math.log(outside[metric][1])).toBeCloseTo(1.5 * Math.log(inside[metric][1]), 12);
      expect(outside[metric][0] * outside[metric][1]).toBeCloseTo(1, 12);
    }
    expect(rooflineCaveats(strange, spec, 'vllm', contextTokens).join()).toContain(`extrapolates to ${named}`);
  });

  it('nothing is said of what was measured, nor of what is hardly larger', () => {
    expect(extrapolates(covers, MEASURED, 9216)).toEqual([]);
    expect(extrapolates(covers, MEASURED, 13_000)).toEqual([]);
  });

  it('experts spread wide are said with their links, and the imbalance that is taken', () => {
    const parallelism = { tensor: 1, pipeline: 1, attentionData: 32, moeTensor: 1, moeExpert: 32 };
    const wide = { ...MEASURED, model: findModel('deepseek-ai/DeepSeek-V3'), parallelism };
    const said = (spec: ReplicaSpec) => rooflineCaveats(SHIPPED_CALIBRATION, spec, 'vllm', 0).join('\n');
    expect(said(wide)).toMatch(/32 ranks in 4 NVLink domains: tokens go to their experts alone.*12 % more tokens/s);
    expect(said({ ...wide, parallelism: { ...parallelism, moeImbalance: 1.564, moeExchange: 'gather' } })).toMatch(
      /every token goes to every rank.*156 % more tokens than the mean/s,
    );
    expect(said({ ...wide, hardware: findHardware('gb200') })).toContain('32 ranks in one NVLink domain');
    expect(said(MEASURED)).not.toContain('experts are spread');
  });
});
