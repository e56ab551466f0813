import type { HardwareFacts, Sourced } from '../catalog/hardware.ts';
import type { Facts } from '../config/facts.ts';
import { makeInt32Column, replaceFields } from '../workload/columns.ts';
import type { Conditions } from './laboratory.ts';

const COMPUTE = ['tflopsBf16', 'tflopsFp8', 'tflopsInt8', 'tflopsFp4'] as const;
const MEMORY = ['memoryBandwidthTBps'] as const;
const LINKS = ['scaleUpGBps', 'pcieGBps', 'networkGBps'] as const;

export const RATES = {
  compute: COMPUTE,
  memory: MEMORY,
  links: LINKS,
  all: [...COMPUTE, ...MEMORY, ...LINKS],
} as const;

/** Every GPU with these rates multiplied. */
export function withRates(
  name: string,
  facts: Facts,
  rates: readonly (keyof HardwareFacts)[],
  factor: number,
): Conditions {
  const hardware = (id: string): HardwareFacts => {
    const known = facts.hardware(id);
    const scaled = rates.map((rate) => {
      const figure = known[rate] as Sourced<number> | null;
      return [rate, figure === null ? null : { ...figure, value: figure.value * factor }];
    });
    return { ...known, ...Object.fromEntries(scaled) };
  };
  return { name, facts: { ...facts, hardware } };
}

/** Every prompt longer by a factor; what is added is shared with nobody. */
export function withLongerPrompts(name: string, factor: number): Conditions {
  return {
    name,
    workload: (workload) => {
      const inputTokens = makeInt32Column(workload.count);
      for (let request = 0; request < workload.count; request++) {
        inputTokens[request] = Math.round(workload.inputTokens[request] * factor);
      }
      return replaceFields(workload, { inputTokens });
    },
  };
}
