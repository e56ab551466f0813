import { describe, expect, it } from 'vitest';
import { InputError, type InputIssue } from '../base/inputError.ts';
import { hardwareFromUserFile, hardwareToFile } from './hardwareFile.ts';
import { listHardware } from './hardwareList.ts';

const MY_GPU = {
  id: 'my_gpu',
  tflops_bf16: 468,
  tflops_fp8: 936,
  tflops_int8: null,
  tflops_fp4: 1871,
  memory_mib: 97887,
  memory_bandwidth_tb_per_s: 1.792,
  scale_up_gb_per_s: null,
  scale_up_domain: 1,
  pcie_gb_per_s: 64,
  network_gb_per_s: 50,
  tdp_watts: 600,
  idle_watts: 85,
  usd_per_gpu_hour: 2,
};

function issuesOf(value: unknown): readonly InputIssue[] {
  try {
    hardwareFromUserFile(value, 'my-gpu.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).issues;
  }
  return [];
}

describe('hardwareFromUserFile', () => {
  it('takes plain numbers, with the file as their source', () => {
    const gpu = hardwareFromUserFile(MY_GPU, 'my-gpu.yaml');
    expect(gpu.name).toBe('my_gpu');
    expect(gpu.memoryBandwidthTBps).toEqual({ value: 1.792, source: 'my-gpu.yaml', sourced: true });
    expect(gpu.scaleUpGBps).toBeNull();
    expect(gpu.priceDate).toBe('undated');
  });

  it('takes cells with a source', () => {
    const cell = { value: 3, source: 'our contract', sourced: false };
    const gpu = hardwareFromUserFile({ ...MY_GPU, usd_per_gpu_hour: cell }, 'my-gpu.yaml');
    expect(gpu.usdPerGpuHour).toEqual(cell);
  });

  it('reads back what show prints, through JSON, for every GPU of the catalog', () => {
    for (const gpu of listHardware()) {
      const copied: unknown = JSON.parse(JSON.stringify(hardwareToFile(gpu)));
      expect(hardwareFromUserFile(copied, 'copy.json')).toEqual(gpu);
    }
  });

  it('names every mistake at once', () => {
    const { tflops_fp8: _, memory_mib: __, ...incomplete } = MY_GPU;
    const issues = issuesOf({
      ...incomplete,
      tdp_wats: 600,
      pcie_gb_per_s: '64',
      network_gb_per_s: -1,
      scale_up_domain: 1.5,
      tflops_bf16: { value: 0, origin: 'x' },
    });
    expect(issues.map(({ path, message, hint }) => [path, message, hint])).toEqual([
      ['tdp_wats', 'unknown field', 'did you mean "tdp_watts"?'],
      ['tflops_bf16.origin', 'unknown field', 'known: value, source, sourced'],
      ['tflops_bf16.value', 'must be greater than 0, got 0', undefined],
      ['tflops_fp8', 'is missing', 'write null when the GPU has none'],
      ['memory_mib', 'is missing', 'start from the output of `dynosim catalog show h200_sxm`'],
      ['scale_up_domain', 'must be a whole number, got 1.5', undefined],
      ['pcie_gb_per_s', 'must be a number, got "64"', undefined],
      ['network_gb_per_s', 'must be greater than 0, got -1', undefined],
    ]);
    expect(issues.every((issue) => issue.file === 'my-gpu.yaml')).toBe(true);
  });

  it.each([
    [{ id: 5 }, 'id'],
    [{ id: undefined }, 'id'],
    [{ memory_mib: null }, 'memory_mib'],
    [{ memory_mib: Number.NaN }, 'memory_mib'],
    [{ memory_mib: {} }, 'memory_mib.value'],
    [{ memory_mib: { value: 5, sourced: 'yes' } }, 'memory_mib.sourced'],
    [{ memory_mib: { value: 5, source: 7 } }, 'memory_mib.source'],
    [{ scale_up_domain: 8 }, 'scale_up_domain'],
    [{ idle_watts: 700 }, 'idle_watts'],
  ])('refuses %j', (change, path) => {
    expect(issuesOf({ ...MY_GPU, ...change }).map((issue) => issue.path)).toEqual([path]);
  });

  it.each([null, [], 'h200_sxm', 5])('refuses %j as a whole', (value) => {
    expect(issuesOf(value)).toHaveLength(1);
  });
});
