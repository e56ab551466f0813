import { NS_PER_MS, NS_PER_S } from '../base/units.ts';
import { driveBeside } from '../catalog/drives.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { TIERS, type TierSpec, type TiersSpec } from '../kv/kvTiers.ts';
import { knobDefault } from './knobs.ts';
import type { TiersInput } from './workerSchema.ts';

/** Measured share of a PCIe link's rate: 55.6 of 64 GB/s from host to device on PCIe 5 (nvbandwidth). */
const PCIE_EFFICIENCY = 0.87;

/** A replica's own tier; rates and sizes of each of its GPUs. */
interface OwnTier {
  readonly capacity_gb_per_gpu: number;
  readonly gb_per_second_per_gpu: number;
  readonly latency_ms: number;
  readonly write: TierSpec['write'];
}

/** The `tiers` section of a KV cache: what is left out does not exist. */
export interface TiersConfig {
  /** Only vLLM's. */
  readonly onboarding?: TiersSpec['onboarding'];
  readonly host?: OwnTier;
  readonly disk?: OwnTier;
  readonly shared?: {
    readonly capacity_gb: number;
    readonly gb_per_second: number;
    readonly latency_ms: number;
    readonly write: TierSpec['write'];
  };
}

const W = 'engine.workers.<role>.kv_cache.tiers';

export function resolveTiers(
  { onboarding, host, disk, shared }: TiersInput,
  hardware: HardwareFacts,
  backend: Backend,
): TiersConfig {
  const drive = driveBeside(hardware.pcieGBps.value);
  return {
    ...(backend === 'vllm'
      ? { onboarding: onboarding ?? knobDefault<TiersSpec['onboarding']>(`${W}.onboarding`) }
      : {}),
    ...(host === undefined
      ? {}
      : {
          host: {
            capacity_gb_per_gpu: host.capacity_gb_per_gpu,
            gb_per_second_per_gpu: host.gb_per_second_per_gpu ?? PCIE_EFFICIENCY * hardware.pcieGBps.value,
            latency_ms: host.latency_ms ?? knobDefault(`${W}.host.latency_ms`),
            // TensorRT-LLM's secondary blocks take what leaves the primary ones.
            write: host.write ?? (backend === 'trtllm' ? 'on_eviction' : knobDefault(`${W}.host.write`)),
          },
        }),
    ...(disk === undefined
      ? {}
      : {
          disk: {
            capacity_gb_per_gpu: disk.capacity_gb_per_gpu,
            // Its channel carries both directions, so the slower one's rate.
            gb_per_second_per_gpu: disk.gb_per_second_per_gpu ?? drive.write_gb_per_s.value,
            latency_ms: disk.latency_ms ?? drive.read_latency_ms.value,
            write: disk.write ?? knobDefault(`${W}.disk.write`),
          },
        }),
    ...(shared === undefined
      ? {}
      : {
          shared: {
            capacity_gb: shared.capacity_gb,
            gb_per_second: shared.gb_per_second ?? knobDefault(`${W}.shared.gb_per_second`),
            latency_ms: shared.latency_ms ?? knobDefault(`${W}.shared.latency_ms`),
            write: shared.write ?? knobDefault(`${W}.shared.write`),
          },
        }),
  };
}

/** @param pageBytes KV of one page, whole replica; @param gpus of the replica. */
export function tiersSpecOf(tiers: TiersConfig, pageBytes: number, gpus: number): TiersSpec {
  const levels = TIERS.flatMap((name): TierSpec[] => {
    const tier = tiers[name];
    if (tier === undefined) return [];
    const [gb, gbPerS] =
      'capacity_gb' in tier
        ? [tier.capacity_gb, tier.gb_per_second]
        : [tier.capacity_gb_per_gpu * gpus, tier.gb_per_second_per_gpu * gpus];
    return [
      {
        name,
        pages: Math.min(Math.floor((gb * 1e9) / pageBytes), 2 ** 31 - 1),
        write: tier.write,
        pageNs: Math.round((pageBytes / (gbPerS * 1e9)) * NS_PER_S),
        latencyNs: Math.round(tier.latency_ms * NS_PER_MS),
      },
    ];
  });
  return { levels, onboarding: tiers.onboarding ?? 'overlap', pageBytes };
}
