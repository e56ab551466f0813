import { describe, expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { FAMILIES, FamilySeconds } from './families.ts';
import { PassShape } from './passShape.ts';
import type { ReplicaSpec } from './replica.ts';
import { compileTimer, type TimerOptions } from './roofline.ts';

const DEEPSEEK: ReplicaSpec = {
  model: findModel('deepseek-ai/DeepSeek-R1'),
  hardware: findHardware('h200_sxm'),
  parallelism: { tensor: 1, pipeline: 1, attentionData: 8, moeTensor: 1, moeExpert: 8 },
  weightDtype: 'fp8_block',
  expertDtype: 'fp8_block',
  kvDtype: 'bf16',
};
const QWEN: ReplicaSpec = {
  ...DEEPSEEK,
  model: findModel('Qwen/Qwen3.5-397B-A17B'),
  parallelism: { tensor: 8, pipeline: 1, attentionData: 1, moeTensor: 1, moeExpert: 8 },
};
const L40S: ReplicaSpec = {
  ...DEEPSEEK,
  model: findModel('meta-llama/Llama-3.1-8B-Instruct'),
  hardware: findHardware('l40s'),
  parallelism: { tensor: 2, pipeline: 1, attentionData: 1, moeTensor: 1, moeExpert: 1 },
  weightDtype: 'bf16',
};
const HOST = { eagerFloorS: 0.02, stepS: 5e-4, perSequenceS: 5e-6, decodeGraphs: [8, 64], prefillGraphTokens: 0 };
const CORRECTION = { decode: 1.1, prefill: 0.9, context: 1.2, decodeBatch: 0.03 };

function shapes(window: number): PassShape[] {
  const decodes = new PassShape(window);
  decodes.setDecodes(13, 40_000, 13 * window);
  const prompts = new PassShape(window);
  prompts.addChunk(0, 3000, true);
  prompts.addChunk(4096, 1096, false);
  const mixed = new PassShape(window);
  mixed.setDecodes(40, 90_000, 40 * window);
  mixed.addChunk(100, 200, true);
  const beyondGraphs = new PassShape(window);
  beyondGraphs.setDecodes(2000, 2_000_000, 2000 * window);
  return [decodes, prompts, mixed, beyondGraphs];
}

function familiesOf(spec: ReplicaSpec, options: TimerOptions, shape: PassShape) {
  const timer = compileTimer(spec, options);
  const families = new FamilySeconds();
  timer.addFamilies!(shape, families);
  return { families, passNs: timer.passNs(shape) };
}

describe('families of formulas', () => {
  it('add up to the very pass, whatever is in it, corrected or not', () => {
    for (const spec of [DEEPSEEK, QWEN, L40S]) {
      const { window } = compileTimer(spec);
      for (const options of [{}, { host: HOST }, { host: HOST, correction: CORRECTION }]) {
        for (const shape of shapes(window)) {
          const { families, passNs } = familiesOf(spec, options, shape);
          expect(Math.abs(families.totalS() * 1e9 - passNs)).toBeLessThan(0.51);
          for (const seconds of families.seconds) expect(seconds).toBeGreaterThanOrEqual(0);
        }
      }
    }
  });

  it('count drafts where their formulas are', () => {
    const shape = new PassShape(0);
    shape.setDecodes(64, 200_000, 0, 64 * 4);
    const drafts = { tokens: 3, layers: 1 };
    const { families, passNs } = familiesOf(DEEPSEEK, { drafts }, shape);
    expect(Math.abs(families.totalS() * 1e9 - passNs)).toBeLessThan(0.51);
  });

  it('know what constants measurements say nothing of', () => {
    const [decodes] = shapes(0);
    const fitted = familiesOf(DEEPSEEK, {}, decodes).families;
    expect(fitted.defaultS).toBe(0);
    const pcie = familiesOf(L40S, {}, decodes).families;
    expect(pcie.defaultS).toBeCloseTo(pcie.seconds[FAMILIES.indexOf('collectives')], 12);
    expect(pcie.defaultS).toBeGreaterThan(0);
    const int8 = familiesOf({ ...DEEPSEEK, weightDtype: 'int8', expertDtype: 'int8' }, {}, decodes).families;
    expect(int8.defaultS / int8.totalS()).toBeGreaterThan(0.3);
  });
});
