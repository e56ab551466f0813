import { NS_PER_MS, NS_PER_S } from '../base/units.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import { attentionLayers } from '../catalog/model.ts';
import type { Role, TransferSpec } from '../cluster/scenario.ts';
import { kvTransferBytesPerToken } from '../timing/kvBytes.ts';
import { gpusPerReplica, type ReplicaSpec } from '../timing/replica.ts';
import type { HandoverOrder } from './knobs/transferKnobs.ts';
import type { Problems } from './problems.ts';

/** `engine.kv_transfer`; what is left out is the engine's way, or none of it. */
export interface TransferConfig {
  readonly bandwidth_gb_per_second: number | null;
  readonly latency_ms: number;
  readonly order?: HandoverOrder;
  readonly streaming?: boolean;
  readonly timeout_seconds?: number;
  readonly local_prefill_tokens?: number;
  readonly local_prefill_queue?: number;
}

/** What each engine does: SGLang's decode servers reserve room before the prompt is computed, the others after. */
const ORDERS: Readonly<Record<Backend, HandoverOrder>> = {
  vllm: 'source_first',
  sglang: 'destination_first',
  trtllm: 'source_first',
};

/** Notes settings that nobody would read, or that the engine cannot follow. */
export function checkTransfer(
  { order, streaming, ...given }: Partial<TransferConfig>,
  mode: 'aggregated' | 'disaggregated',
  backend: Backend,
  problems: Problems,
): void {
  const at = ['engine', 'kv_transfer'];
  const local = (['local_prefill_tokens', 'local_prefill_queue'] as const).filter(
    (field) => given[field] !== undefined,
  );
  if (mode === 'aggregated') {
    const unread = [
      ...(order === undefined ? [] : ['order']),
      ...(streaming === undefined ? [] : ['streaming']),
      ...local,
    ];
    for (const field of unread) problems.add([...at, field], 'nothing is handed over in aggregated mode');
    return;
  }
  if (streaming === true && (order ?? ORDERS[backend]) === 'source_first') {
    problems.add(
      [...at, 'streaming'],
      'nobody has room for the KV before the prompt is computed',
      'set order: destination_first',
    );
  }
  if (backend !== 'sglang') return;
  for (const field of local) problems.add([...at, field], 'decode servers of SGLang compute no prompts');
}

interface Side {
  readonly role: Role;
  readonly replica: ReplicaSpec;
}

/** The way between prefill and decode replicas: the link as fast as stated, as the network's links, or as the slower side's. */
export function transferOf(
  transfer: TransferConfig,
  backend: Backend,
  hasNetwork: boolean,
  pools: readonly Side[],
): TransferSpec {
  const { bandwidth_gb_per_second, latency_ms, streaming, timeout_seconds, local_prefill_tokens, local_prefill_queue } =
    transfer;
  const sides = pools.map(({ replica }) => replica.hardware.networkGBps.value * gpusPerReplica(replica.parallelism));
  const prefill = pools.find(({ role }) => role === 'prefill')!;
  const layers = attentionLayers(prefill.replica.model);
  const reshard = reshardOf(pools);
  return {
    bandwidthBytesPerS: (bandwidth_gb_per_second ?? (hasNetwork ? Number.POSITIVE_INFINITY : Math.min(...sides))) * 1e9,
    latencyNs: Math.round(latency_ms * NS_PER_MS),
    kvBytesPerToken: kvTransferBytesPerToken(prefill.replica),
    order: transfer.order ?? ORDERS[backend],
    ...(streaming === true ? { streamedShare: (layers - 1) / layers } : {}),
    ...(local_prefill_tokens === undefined && local_prefill_queue === undefined
      ? {}
      : { local: { maxTokens: local_prefill_tokens ?? 0, maxQueue: local_prefill_queue ?? Number.POSITIVE_INFINITY } }),
    ...(timeout_seconds === undefined ? {} : { timeoutNs: Math.round(timeout_seconds * NS_PER_S) }),
    ...(reshard.some((row) => row.some((ns) => ns > 0)) ? { reshard } : {}),
  };
}

/**
 * By prefill and decode pool, ns a token. Where tensor parallelism differs, KV heads arrive in another split than the decode
 * GPUs keep them in, and are read and written once more at memory bandwidth (vLLM's NIXL connector permutes them so).
 * MLA's compressed KV is whole on every rank.
 */
function reshardOf(pools: readonly Side[]): number[][] {
  return pools.map((source) => pools.map((target) => (isCutAlike(source, target) ? 0 : rearrangeNs(target.replica))));
}

function isCutAlike({ role, replica: a }: Side, { role: targetRole, replica: b }: Side): boolean {
  if (role !== 'prefill' || targetRole !== 'decode' || a.model.attention.kind === 'mla') return true;
  return a.parallelism.tensor === b.parallelism.tensor;
}

function rearrangeNs(replica: ReplicaSpec): number {
  const bytesPerS = replica.hardware.memoryBandwidthTBps.value * 1e12 * gpusPerReplica(replica.parallelism);
  return (2 * kvTransferBytesPerToken(replica) * NS_PER_S) / bytesPerS;
}
