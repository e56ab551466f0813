import { describe, expect, it } from 'vitest';
import type { HardwareFacts, Sourced } from './hardware.ts';
import { findHardware, listHardware } from './hardwareList.ts';

/** The cells of a GPU that hold a figure. */
function figures(hardware: HardwareFacts): [string, Sourced<number>][] {
  return Object.entries(hardware).filter(
    (entry): entry is [string, Sourced<number>] => typeof entry[1] === 'object' && entry[1] !== null,
  );
}

describe('catalog hardware', () => {
  it.each(
    listHardware().map((hardware) => [hardware.id, hardware] as const),
  )('%s is plausible and sourced', (_, gpu) => {
    for (const [name, figure] of figures(gpu)) {
      expect(figure.source, name).not.toBe('');
      if (/^assumption|assumed/.test(figure.source)) expect(figure.sourced, name).toBe(false);
    }
    expect(gpu.priceDate).toBe('2026-11');
    // A wider format never computes faster, but Blackwell Ultra gave up its INT8 units.
    expect(gpu.tflopsFp8?.value ?? Number.POSITIVE_INFINITY).toBeGreaterThan(gpu.tflopsBf16.value);
    expect(gpu.tflopsFp4?.value ?? Number.POSITIVE_INFINITY).toBeGreaterThan(gpu.tflopsFp8?.value ?? 0);
    expect(gpu.idleWatts.value).toBeLessThan(gpu.tdpWatts.value / 2);
    expect(gpu.networkGBps.value).toBeLessThanOrEqual(gpu.pcieGBps.value);
  });

  /** Driver memory in bytes x 1e9, rounded as published tables of usable memory print it. */
  it.each([
    ['h100_sxm', 85.5],
    ['h200_sxm', 150.8],
    ['b200_sxm', 192.3],
    ['b300_sxm', 288.4],
    ['gb200', 198.7],
    ['gb300', 298.0],
    ['l40s', 48.3],
    ['l4', 24.2],
  ])('%s holds %f GB', (id, gigabytes) => {
    const bytes = findHardware(id).memoryMib.value * 1024 * 1024;
    expect(Math.abs(bytes / 1e9 - gigabytes)).toBeLessThan(0.06);
  });

  it('marks the figures no source backs', () => {
    const unsourced = (id: string) =>
      figures(findHardware(id))
        .filter(([, figure]) => !figure.sourced)
        .map(([name]) => name);
    expect(unsourced('h200_sxm')).toEqual([]);
    expect(unsourced('gb300')).toEqual(['pcieGBps', 'idleWatts', 'usdPerGpuHour']);
    expect(unsourced('l4')).toEqual(['networkGBps', 'idleWatts', 'usdPerGpuHour']);
  });
});

describe('findHardware', () => {
  it('ignores case', () => {
    expect(findHardware('H200_SXM').id).toBe('h200_sxm');
  });

  it('guesses, or lists what there is', () => {
    expect(() => findHardware('h200')).toThrow('no GPU "h200" in the catalog (did you mean "h200_sxm"?)');
    expect(() => findHardware('tpu_v6e')).toThrow(/known: a100_sxm, h100_sxm, .*, l4; or give the path/);
  });
});
