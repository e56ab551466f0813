import drives from './drives.json' with { type: 'json' };
import type { Sourced } from './hardware.ts';

/** A data-centre NVMe drive on four PCIe lanes. */
export interface DriveFacts {
  readonly id: string;
  readonly name: string;
  readonly pcie_generation: number;
  /** Sequential, 10^9 bytes per second. */
  readonly read_gb_per_s: Sourced<number>;
  readonly write_gb_per_s: Sourced<number>;
  /** Typical, one request at a time. */
  readonly read_latency_ms: Sourced<number>;
}

/** The catalog's drives, the slowest first. */
export function listDrives(): readonly DriveFacts[] {
  return drives;
}

/** The drive that a node has for each GPU whose PCIe link carries `pcieGBps` each way: of the GPU's own PCIe generation (63 GB/s: the fifth). */
export function driveBeside(pcieGBps: number): DriveFacts {
  const generation = pcieGBps >= 60 ? 5 : 4;
  return listDrives().find(({ pcie_generation }) => pcie_generation === generation)!;
}
