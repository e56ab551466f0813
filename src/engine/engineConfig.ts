import type { SglangConfig } from './sglang/sglangConfig.ts';
import type { TrtllmConfig } from './trtllm/trtllmConfig.ts';
import type { VllmConfig } from './vllm/vllmConfig.ts';

/** What one engine (one replica) was started with, by backend. */
export type EngineConfig = VllmConfig | SglangConfig | TrtllmConfig;
