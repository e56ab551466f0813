import { describe, expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { Collectives } from './collectives.ts';
import type { RooflineScales } from './constants.ts';
import { Gemm } from './gemm.ts';
import { RoutedExperts } from './moe.ts';
import { PassCost, smoothMaximum } from './passCost.ts';
import { ratesFor } from './rates.ts';
import type { ReplicaSpec } from './replica.ts';

const UNSCALED: RooflineScales = {
  gemm: 1,
  moe: 1,
  attention: 1,
  collectives: 1,
  collectiveBytes: 1,
  elementwise: 1,
  elementwiseBytes: 1,
  compute: 1,
  moeCompute: 1,
  formats: {},
  perLayerS: 0,
  perStepS: 0,
};

function costOf(add: (cost: PassCost) => void): PassCost {
  const cost = new PassCost();
  add(cost);
  return cost;
}

describe('smooth maximum', () => {
  it('is the p-norm, a factor 2^(1/q) above equal arms and the larger arm far from them', () => {
    expect(smoothMaximum(3, 4, 2)).toBeCloseTo(5, 12);
    expect(smoothMaximum(1, 1, 1.6)).toBeCloseTo(2 ** (1 / 1.6), 12);
    expect(smoothMaximum(1e-9, 1, 3)).toBeCloseTo(1, 12);
    expect(smoothMaximum(0, 0, 1.6)).toBe(0);
  });
});

describe('matrix product', () => {
  it('takes the time worked out by hand', () => {
    // 64 rows by 8192 x 8192 in bf16 on an H100: compute 2*64*8192^2 / 989e12 / .62 * (1 + 20/64) / 1.2 = 15.32 us;
    // memory (2^20 + 2^27 + 2^20 bytes) / 3.35e12 / .78 * (1 + .1e6/2^27) = 52.21 us; 4 + sqrt(15.32^2 + 52.21^2) us.
    const gemm = new Gemm(8192, 8192, ratesFor(findHardware('h100_sxm'), 'bf16'), UNSCALED);
    const cost = costOf((out) => gemm.addTo(out, 64, 1));
    expect(cost.totalS() * 1e6).toBeCloseTo(58.41, 1);
    expect(cost.launchS * 1e6).toBeCloseTo(4, 9);
    expect(cost.bound()).toBe(1);
  });

  it('falls back to bf16 where a GPU lacks the unit and keeps the small weights', () => {
    const a100 = findHardware('a100_sxm');
    const b200 = findHardware('b200_sxm');
    const h100 = findHardware('h100_sxm');
    expect(ratesFor(a100, 'fp8')).toMatchObject({ flops: 312e12, weightBytes: 1, activationBytes: 2 });
    expect(ratesFor(h100, 'nvfp4')).toMatchObject({ flops: 989e12, weightBytes: 0.5625, activationBytes: 2 });
    expect(ratesFor(b200, 'nvfp4')).toMatchObject({ flops: 9000e12, activationBytes: 0.5625 });
    expect(ratesFor(b200, 'mxfp4')).toMatchObject({ flops: 4500e12, activationBytes: 1 });
    expect(ratesFor(h100, 'int4').flops).toBe(989e12);
  });
});

describe('routed experts', () => {
  const spec: ReplicaSpec = {
    model: findModel('Qwen/Qwen3-30B-A3B'),
    hardware: findHardware('h100_sxm'),
    parallelism: { tensor: 1, pipeline: 1, attentionData: 1, moeTensor: 1, moeExpert: 1 },
    weightDtype: 'bf16',
    expertDtype: 'bf16',
    kvDtype: 'bf16',
  };
  const experts = (moeTensor: number, moeExpert: number) =>
    new RoutedExperts(
      { ...spec, parallelism: { ...spec.parallelism, moeTensor, moeExpert } },
      ratesFor(spec.hardware, 'bf16'),
      UNSCALED,
    );

  /** Experts awake on the rank with most, by throwing 8 darts a token. */
  function thrown(tokens: number, ranks: number): number {
    let state = 1;
    const random = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const runs = 4000;
    let woken = 0;
    for (let run = 0; run < runs; run++) {
      const hit = new Set<number>();
      for (let dart = 0; dart < tokens * 8; dart++) hit.add(Math.floor(random() * 128));
      const byRank = new Array<number>(ranks).fill(0);
      for (const expert of hit) byRank[Math.floor((expert * ranks) / 128)] += 1;
      woken += Math.max(...byRank);
    }
    return woken / runs;
  }

  it('wakes as many of 128 experts as throwing 8 darts a token does, to 10 %, and waits for the rank that wakes most', () => {
    expect(experts(1, 1).activeExperts(10) / thrown(10, 1)).toBeCloseTo(1, 2);
    for (const tokens of [1, 4, 16, 64, 1024]) {
      for (const ranks of [4, 8]) {
        const ratio = experts(1, ranks).activeExperts(tokens) / thrown(tokens, ranks);
        expect(ratio).toBeGreaterThan(0.93);
        expect(ratio).toBeLessThan(1.1);
      }
    }
  });

  it('halves the bytes read with tensor sharding and with expert sharding alike', () => {
    const hbmS = (moeTensor: number, moeExpert: number) =>
      costOf((out) => experts(moeTensor, moeExpert).addTo(out, 1024, 1)).hbmS;
    // Tensor ranks move every token's activations, expert ranks their own.
    const movedS = (6 * 2048 * 1024 * 8) / (3350e9 * 0.6);
    expect((hbmS(2, 1) - movedS) / (hbmS(1, 1) - movedS)).toBeCloseTo(0.5, 6);
    expect(hbmS(1, 2) / hbmS(1, 1)).toBeCloseTo(0.5, 6);
  });
});

describe('collectives', () => {
  const seconds = (hardware: string, gpus: number, bytes: number, span = gpus) =>
    costOf((out) => new Collectives(findHardware(hardware), gpus, span, UNSCALED).addAllReduce(out, bytes, 1)).totalS();

  it('cost nothing alone, and start in 6, 7 and 9 us over NVLink', () => {
    expect(seconds('h100_sxm', 1, 1e9)).toBe(0);
    expect([2, 4, 8].map((gpus) => Math.round(seconds('h100_sxm', gpus, 0) * 1e7))).toEqual([60, 70, 90]);
  });

  it('move 2 (n-1)/n of the bytes at 0.6 of the link', () => {
    const moved = seconds('h100_sxm', 8, 512e6) - seconds('h100_sxm', 8, 0);
    expect(moved).toBeCloseTo((2 * 7 * 512e6) / 8 / 270e9, 9);
  });

  it('fall to PCIe without NVLink, and to the NICs of a node together beyond its domain', () => {
    const fast = seconds('h100_sxm', 8, 1e8);
    expect(seconds('l40s', 8, 1e8)).toBeGreaterThan(5 * fast);
    // A ring through each of 8 NICs of 50 GB/s at 0.6 of them; starts of 20 us and half a microsecond a GPU.
    expect(seconds('h100_sxm', 16, 1e8)).toBeCloseTo(28e-6 + (2 * 15 * 1e8) / 16 / 240e9, 12);
    expect(seconds('h100_sxm', 2, 1e8, 16)).toBeCloseTo(21e-6 + 1e8 / 240e9, 12);
    expect(seconds('gb200', 16, 1e8)).toBeLessThan(2 * fast);
  });
});
