import type { HardwareFacts } from '../catalog/hardware.ts';
import type { NetworkSpec } from '../cluster/network/networkSpec.ts';
import { knobDefault } from './knobs.ts';

/** The `network` section; null is the hardware's, or for leaves: all nodes under one. */
export interface NetworkConfig {
  readonly gpus_per_node: number;
  readonly scale_up_gpus: number | null;
  readonly scale_up_gb_per_second: number | null;
  readonly nics_per_node: number;
  readonly nic_gb_per_second: number | null;
  readonly nodes_per_leaf: number | null;
  readonly oversubscription: number;
}

export function resolveNetwork(given: Partial<NetworkConfig>): NetworkConfig {
  return {
    gpus_per_node: knobDefault('network.gpus_per_node'),
    scale_up_gpus: knobDefault('network.scale_up_gpus'),
    scale_up_gb_per_second: knobDefault('network.scale_up_gb_per_second'),
    nics_per_node: knobDefault('network.nics_per_node'),
    nic_gb_per_second: knobDefault('network.nic_gb_per_second'),
    nodes_per_leaf: knobDefault('network.nodes_per_leaf'),
    oversubscription: knobDefault('network.oversubscription'),
    ...given,
  };
}

/** Of the network, or without one the default. */
export function gpusPerNode(network: NetworkConfig | null): number {
  return network?.gpus_per_node ?? knobDefault('network.gpus_per_node');
}

export function networkSpecOf(network: NetworkConfig, hardware: HardwareFacts): NetworkSpec {
  const { gpus_per_node: gpus, nics_per_node: nics } = network;
  const scaleUpGBps = network.scale_up_gb_per_second ?? hardware.scaleUpGBps?.value ?? null;
  return {
    gpusPerNode: gpus,
    scaleUpGpus: scaleUpGBps === null ? 1 : (network.scale_up_gpus ?? hardware.scaleUpDomain.value),
    scaleUpBytesPerS: (scaleUpGBps ?? 0) * 1e9,
    nicsPerNode: nics,
    nicBytesPerS: (network.nic_gb_per_second ?? (hardware.networkGBps.value * gpus) / nics) * 1e9,
    nodesPerLeaf: network.nodes_per_leaf ?? Number.POSITIVE_INFINITY,
    oversubscription: network.oversubscription,
  };
}
