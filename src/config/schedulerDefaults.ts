import { BYTES_PER_GIB, BYTES_PER_MIB } from '../base/units.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';

export interface SchedulerLimits {
  readonly max_batched_tokens: number;
  readonly max_sequences: number;
}

/**
 * The limits `vllm serve` sets for what the user left out (vLLM 017e9f4, engine/arg_utils.py): by GPU memory,
 * then without chunked prefill no fewer tokens than the context, no more tokens than all sequences could need, and no
 * more sequences than tokens.
 */
export function resolveSchedulerLimits(
  hardware: HardwareFacts,
  contextLength: number,
  chunkedPrefill: boolean,
  given: { readonly max_batched_tokens?: number | undefined; readonly max_sequences?: number | undefined },
): SchedulerLimits {
  const gib = (hardware.memoryMib.value * BYTES_PER_MIB) / BYTES_PER_GIB;
  const big = gib >= 70 && !/a100/i.test(`${hardware.id} ${hardware.name}`);
  let sequences = given.max_sequences ?? (big ? 1024 : 256);
  let tokens = given.max_batched_tokens ?? (!big ? 2048 : gib >= 160 ? 16384 : 8192);
  if (given.max_batched_tokens === undefined) {
    if (!chunkedPrefill) tokens = Math.max(tokens, contextLength);
    tokens = Math.max(1, Math.min(tokens, sequences * contextLength));
  }
  if (given.max_sequences === undefined) sequences = Math.min(sequences, tokens);
  return { max_batched_tokens: tokens, max_sequences: sequences };
}
