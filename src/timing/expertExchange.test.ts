import { describe, expect, it } from 'vitest';
import { EXPERT_PARALLEL } from '../catalog/expertParallel.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { findHardware, listHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { DEFAULT_SCALES } from './defaultScales.ts';
import { ExpertExchange } from './expertExchange.ts';
import { PassCost } from './passCost.ts';
import { PassShape } from './passShape.ts';
import type { Parallelism, ReplicaSpec } from './replica.ts';
import { compileTimer } from './roofline.ts';

const MODEL = findModel('deepseek-ai/DeepSeek-V3');

function spec(hardware: HardwareFacts, ranks: number, change: Partial<Parallelism> = {}): ReplicaSpec {
  return {
    model: MODEL,
    hardware,
    parallelism: { tensor: 1, pipeline: 1, attentionData: ranks, moeTensor: 1, moeExpert: ranks, ...change },
    weightDtype: 'fp8_block',
    expertDtype: 'fp8_block',
    kvDtype: 'fp8',
  };
}

/** Dispatch and combine of one layer, us. */
function exchangeUs(replica: ReplicaSpec, tokensPerGpu: number): number {
  const cost = new PassCost();
  const { tensor, attentionData } = replica.parallelism;
  new ExpertExchange(replica, DEFAULT_SCALES).addTo(cost, tokensPerGpu * tensor * attentionData, 1);
  return cost.totalS() * 1e6;
}

const withLinks = (base: HardwareFacts, scaleUp: number, domain: number): HardwareFacts => ({
  ...base,
  scaleUpGBps: { value: scaleUp, source: 'test', sourced: false },
  scaleUpDomain: { value: domain, source: 'test', sourced: false },
});
const H100 = findHardware('h100_sxm');
const LINKED = listHardware().filter(({ scaleUpGBps }) => scaleUpGBps !== null);
const UNLINKED = listHardware().filter(({ scaleUpGBps }) => scaleUpGBps === null);

describe('all-to-all across nodes', () => {
  // deepseek-ai/DeepEP docs/legacy.md: H800 (NVLink 200 GB/s each way), 128 tokens a rank, us of dispatch and of combine.
  it.each([
    [16, 118, 195],
    [32, 155, 273],
    [64, 173, 314],
    [128, 192, 369],
    [256, 194, 360],
  ])('of %i ranks takes what DeepEP measured, to 8 %%', (ranks, dispatchUs, combineUs) => {
    const replica = spec(withLinks(H100, 200, 8), ranks, { moeExchange: 'all_to_all', moeImbalance: 0 });
    const ratio = exchangeUs(replica, 128) / (dispatchUs + combineUs);
    expect(ratio).toBeGreaterThan(0.92);
    expect(ratio).toBeLessThan(1.08);
  });

  it('moves by hand: 12 of 16 copies of EP32 cross the NIC, 2.7 a token past 256', () => {
    const replica = spec(H100, 32, { moeImbalance: 0 });
    const bytes = 7168 + 2 * 7168;
    const nic = 0.91 * 50e3;
    expect(exchangeUs(replica, 100)).toBeCloseTo(70 + (100 * bytes * 8 * (24 / 32)) / nic, 6);
    const once = 3 * (1 - 0.75 ** 8);
    expect(exchangeUs(replica, 2256) - exchangeUs(replica, 256)).toBeCloseTo((2000 * bytes * once) / nic, 6);
  });

  it.each(
    LINKED.map(({ id }) => id),
  )('is never faster than inside one domain at equal volume, nor is a gather, on %s', (id) => {
    const hardware = findHardware(id);
    const speed = hardware.scaleUpGBps!.value;
    for (const moeExchange of ['all_to_all', 'gather'] as const) {
      for (const ranks of [16, 32, 64]) {
        for (const tokens of [1, 16, 128, 256, 1000, 8192]) {
          const [split, whole] = [8, 128].map((domain) =>
            exchangeUs(spec(withLinks(hardware, speed, domain), ranks, { moeExchange, moeImbalance: 0 }), tokens),
          );
          expect(split).toBeGreaterThanOrEqual(whole);
        }
      }
    }
  });

  it.each(UNLINKED.map(({ id }) => id))('never beats the PCIe link that all copies leave %s by', (id) => {
    const hardware = findHardware(id);
    for (const ranks of [16, 32]) {
      for (const tokens of [1, 128, 8192]) {
        const us = exchangeUs(spec(hardware, ranks, { moeExchange: 'all_to_all', moeImbalance: 0 }), tokens);
        const leastBytes = tokens * 8 * ((ranks - 1) / ranks) * (7168 + 2 * 7168);
        expect(us).toBeGreaterThan(leastBytes / (hardware.pcieGBps.value * 1e3));
      }
    }
  });

  it('takes no less time with more tokens, and never more than sending each on its own', () => {
    const replica = spec(H100, 32);
    let last = 0;
    for (let tokens = 1; tokens < 4000; tokens += 7) {
      const us = exchangeUs(replica, tokens);
      expect(us).toBeGreaterThan(last);
      last = us;
    }
  });
});

describe('imbalance of expert ranks', () => {
  const time = (replica: ReplicaSpec, sequences: number) =>
    compileTimer(replica).decodeNs(sequences, sequences * 500, 0);
  const prefill = (replica: ReplicaSpec, tokens: number) => {
    const shape = new PassShape(0);
    shape.addChunk(0, tokens, true);
    return compileTimer(replica).passNs(shape);
  };

  it('of 0 changes no bit of what is timed where nothing is said, up to 8 GPUs', () => {
    for (const parallelism of [
      { tensor: 8, attentionData: 1, moeTensor: 8, moeExpert: 1 },
      { tensor: 8, attentionData: 1, moeTensor: 1, moeExpert: 8 },
      { tensor: 1, attentionData: 8, moeTensor: 1, moeExpert: 8 },
    ]) {
      for (const count of [1, 8, 64, 500, 4096]) {
        const unsaid = spec(H100, 8, parallelism);
        const zero = spec(H100, 8, { ...parallelism, moeImbalance: 0, moeExchange: 'gather' });
        expect(time(zero, count)).toBe(time(unsaid, count));
        expect(prefill(zero, count)).toBe(prefill(unsaid, count));
      }
    }
  });

  it.each([
    ['h100_sxm', 8],
    ['h100_sxm', 32],
    ['gb200', 32],
    ['gb200', 64],
  ])('is never faster when larger, on %s with %i ranks', (id, ranks) => {
    const { balanced, unbalanced } = EXPERT_PARALLEL.imbalance;
    const levels = [0, balanced.value, 0.5, unbalanced.value, 3, 1000];
    for (const count of [1, 32, 256, 2048, 16_384]) {
      const replicas = levels.map((moeImbalance) => spec(findHardware(id), ranks, { moeImbalance }));
      const decodes = replicas.map((replica) => time(replica, count));
      const prompts = replicas.map((replica) => prefill(replica, count));
      for (let level = 1; level < levels.length; level++) {
        expect(decodes[level]).toBeGreaterThanOrEqual(decodes[level - 1]);
        expect(prompts[level]).toBeGreaterThanOrEqual(prompts[level - 1]);
      }
    }
  });

  it('is none without expert ranks: every GPU has a slice of every expert', () => {
    const sliced = { tensor: 8, attentionData: 1, moeTensor: 8, moeExpert: 1 };
    expect(time(spec(H100, 8, { ...sliced, moeImbalance: 2 }), 64)).toBe(time(spec(H100, 8, sliced), 64));
  });

  it('is that of a balancer where experts are spread wide and nobody says', () => {
    const { balanced } = EXPERT_PARALLEL.imbalance;
    const stated = spec(H100, 32, { moeImbalance: balanced.value, moeExchange: 'all_to_all' });
    expect(time(spec(H100, 32), 4096)).toBe(time(stated, 4096));
  });
});
