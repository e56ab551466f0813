import type { EngineCore } from './engineCore.ts';
import type { EngineSetup } from './engineSetup.ts';
import { PlainSglang } from './sglang/plainSglang.ts';
import { ReferenceEngine } from './vllm/referenceEngine.ts';
import { VllmEngine } from './vllm/vllmEngine.ts';

/** The engine a worker runs: `fast` skips over unchanged decode passes, `plain` is its slow reference. */
export function createEngine(core: 'fast' | 'plain', setup: EngineSetup): EngineCore {
  const { config } = setup;
  if (config.backend === 'vllm') {
    const Engine = core === 'fast' ? VllmEngine : ReferenceEngine;
    return new Engine({ ...setup, config });
  }
  if (config.backend === 'sglang') return new PlainSglang({ ...setup, config });
  throw new Error(`no engine core for ${config.backend}`);
}
