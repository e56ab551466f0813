import type { Backend } from '../catalog/engineProfile.ts';
import type { SglangConfig } from './sglang/sglangConfig.ts';
import type { TrtllmConfig } from './trtllm/trtllmConfig.ts';
import type { VllmConfig } from './vllm/vllmConfig.ts';

/** What one engine (one replica) was started with, by backend. */
export type EngineConfig = VllmConfig | SglangConfig | TrtllmConfig;

/** Whether a core keeps attention-DP ranks apart; otherwise they are summed into one scheduler. */
export const KEEPS_RANKS: Readonly<Record<Backend, boolean>> = { vllm: true, sglang: true, trtllm: false };
