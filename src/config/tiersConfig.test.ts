import { describe, expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import { resolveTiers, tiersSpecOf } from './tiersConfig.ts';

const H200 = findHardware('h200_sxm');

describe('tiers', () => {
  it('take the rate of PCIe as measured, and cut capacities into pages of the whole replica', () => {
    const config = resolveTiers({ host: { capacity_gb_per_gpu: 100 }, shared: { capacity_gb: 0 } }, H200, 'vllm');
    expect(config).toEqual({
      onboarding: 'overlap',
      host: { capacity_gb_per_gpu: 100, gb_per_second_per_gpu: 0.87 * 64, latency_ms: 0.01, write: 'through' },
      shared: { capacity_gb: 0, gb_per_second: 80, latency_ms: 0.1, write: 'through' },
    });
    // Llama-3.1-70B on two GPUs: 327,680 bytes a token, 16 tokens a page.
    const pageBytes = 16 * 327_680;
    expect(tiersSpecOf(config, pageBytes, 2)).toEqual({
      levels: [
        { name: 'host', pages: 38_146, write: 'through', pageNs: 47_080, latencyNs: 10_000 },
        { name: 'shared', pages: 0, write: 'through', pageNs: 65_536, latencyNs: 100_000 },
      ],
      onboarding: 'overlap',
      pageBytes,
    });
  });

  it('take under TensorRT-LLM what GPU memory gives up, unless told otherwise', () => {
    const writeOf = (tiers: Parameters<typeof resolveTiers>[0]) => resolveTiers(tiers, H200, 'trtllm').host?.write;
    expect(writeOf({ host: { capacity_gb_per_gpu: 1 } })).toBe('on_eviction');
    expect(writeOf({ host: { capacity_gb_per_gpu: 1, write: 'through' } })).toBe('through');
  });

  it("give disk the rate at which an NVMe drive of the GPU's PCIe generation writes, and its latency", () => {
    const diskOf = (gpu: string) =>
      resolveTiers({ disk: { capacity_gb_per_gpu: 1 } }, findHardware(gpu), 'sglang').disk;
    expect(diskOf('h200_sxm')).toMatchObject({ gb_per_second_per_gpu: 10, latency_ms: 0.06 });
    expect(diskOf('a100_sxm')).toMatchObject({ gb_per_second_per_gpu: 3.5, latency_ms: 0.092 });
  });
});
