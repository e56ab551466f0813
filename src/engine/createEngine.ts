import type { Batch } from './batch.ts';
import { EngineDriver } from './driver.ts';
import type { EngineCore } from './engineCore.ts';
import type { EngineSetup } from './engineSetup.ts';
import type { Lane } from './lane.ts';
import { PlainEngine } from './plain/plainEngine.ts';
import { anyRank, inTurn } from './rankRule.ts';
import { EventLoop } from './sglang/eventLoop.ts';
import { PlainSglang } from './sglang/plainSglang.ts';
import { type SglangConfig, batchesInFlight as sglangBatchesInFlight } from './sglang/sglangConfig.ts';
import { SglangScheduler } from './sglang/sglangScheduler.ts';
import { Executor } from './trtllm/executor.ts';
import { PlainExecutor } from './trtllm/plainExecutor.ts';
import { PlainTrtllm } from './trtllm/plainTrtllm.ts';
import { verifiedTokens } from './trtllm/requestLimits.ts';
import { microBatchesInFlight, type TrtllmConfig } from './trtllm/trtllmConfig.ts';
import { TrtllmScheduler } from './trtllm/trtllmScheduler.ts';
import { PlainVllm } from './vllm/plainVllm.ts';
import { PrefillCadence } from './vllm/prefillCadence.ts';
import { batchesInFlight, isPaced } from './vllm/vllmConfig.ts';
import { VllmScheduler } from './vllm/vllmScheduler.ts';

/** The engine a worker runs: `fast` skips over unchanged decode passes, `plain` is its slow reference. */
export function createEngine(core: 'fast' | 'plain', setup: EngineSetup): EngineCore {
  const { config } = setup;
  if (config.backend === 'vllm') {
    const depth = batchesInFlight(config);
    const cadence = isPaced(config) ? new PrefillCadence(config.prefillInterval) : null;
    if (core === 'plain') return new PlainEngine(setup, depth, () => new PlainVllm({ ...setup, config }, cadence));
    const createRank = (batches: readonly Batch[], lanes: readonly Lane[]): VllmScheduler =>
      new VllmScheduler({ ...setup, config, batches, lanes }, cadence);
    return new EngineDriver(setup, depth, createRank);
  }
  if (config.backend === 'sglang') return createSglang(core, { ...setup, config });
  return createTrtllm(core, { ...setup, config });
}

function createSglang(core: 'fast' | 'plain', { config: given, ...setup }: EngineSetup<SglangConfig>): EngineCore {
  // Decode workers run without a radix cache (server_args.py).
  const config = setup.role === 'decode' ? { ...given, prefixCaching: false } : given;
  const made = { ...setup, config };
  if (core === 'plain') return new PlainSglang(made);
  const depth = sglangBatchesInFlight(config);
  const loop = new EventLoop(config);
  const createRank = (batches: readonly Batch[], lanes: readonly Lane[], rank: number): SglangScheduler =>
    new SglangScheduler({ ...made, batches, lanes }, loop, rank);
  return new EngineDriver(made, depth, createRank, inTurn, config.attentionDataRanks > 1 ? loop : null);
}

function createTrtllm(core: 'fast' | 'plain', setup: EngineSetup<TrtllmConfig>): EngineCore {
  const { maxSequences, maxBatchedTokens, attentionDataRanks, speculation } = setup.config;
  const depth = microBatchesInFlight(setup.config);
  // The fast core takes all decodes of a lane into every pass: with fewer tokens than sequences some would have to wait.
  const parts = maxSequences * verifiedTokens(speculation) > maxBatchedTokens;
  if (core === 'plain' || parts) {
    const executor = new PlainExecutor(setup.config);
    return new PlainEngine(setup, depth, () => new PlainTrtllm(setup, executor), anyRank, executor);
  }
  const executor = new Executor(setup.config);
  const createRank = (batches: readonly Batch[], lanes: readonly Lane[]): TrtllmScheduler =>
    new TrtllmScheduler({ ...setup, batches, lanes }, executor);
  return new EngineDriver(setup, depth, createRank, anyRank, attentionDataRanks > 1 ? executor : null);
}
