/** A figure with where it comes from. `sourced: false` marks general knowledge or an assumption that no stored source backs. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: string;
  readonly sourced: boolean;
}

/** One GPU and its usual surroundings. Rates are dense (no 2:4 sparsity), links are per direction. */
export interface HardwareFacts {
  /** AIConfigurator's id: `h200_sxm`. */
  readonly id: string;
  readonly name: string;
  readonly tflopsBf16: Sourced<number>;
  /** null where the GPU has no such unit; the timing model then falls back to the next wider format. */
  readonly tflopsFp8: Sourced<number> | null;
  readonly tflopsInt8: Sourced<number> | null;
  readonly tflopsFp4: Sourced<number> | null;
  /** What the driver reports (nvidia-smi), MiB. */
  readonly memoryMib: Sourced<number>;
  readonly memoryBandwidthTBps: Sourced<number>;
  /** Scale-up link (NVLink) per GPU and direction; null = PCIe only. */
  readonly scaleUpGBps: Sourced<number> | null;
  /** GPUs in one scale-up domain (8 in a node, 72 in a rack; 1 when there is none). */
  readonly scaleUpDomain: Sourced<number>;
  readonly pcieGBps: Sourced<number>;
  /** Network per GPU and direction, between nodes. */
  readonly networkGBps: Sourced<number>;
  readonly tdpWatts: Sourced<number>;
  /** Engine up, no work. */
  readonly idleWatts: Sourced<number>;
  /** List price default; overridden by `cost.usd_per_gpu_hour`. The date is in `priceDate`. */
  readonly usdPerGpuHour: Sourced<number>;
  readonly priceDate: string;
}
