import { LogHistogram } from '../../src/base/logHistogram.ts';
import { createEngine } from '../../src/engine/createEngine.ts';
import type { EngineCore } from '../../src/engine/engineCore.ts';
import { PassLedger } from '../../src/engine/passLedger.ts';
import { RequestLog } from '../../src/engine/requestLog.ts';
import { buildRequestTable } from '../../src/engine/requestTable.ts';
import type { VllmConfig } from '../../src/engine/vllm/vllmConfig.ts';
import type { PassShape } from '../../src/timing/passShape.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';
import { PLAIN_VLLM } from './engineConfigs.ts';

/** The settings of vLLM's scheduler tests: block size 16, 10,000 blocks, prefix cache off, unless a case says otherwise. */
export const DEFAULTS: VllmConfig = {
  ...PLAIN_VLLM,
  maxBatchedTokens: 8192,
  maxSequences: 16,
  chunkedPrefill: true,
  prefixCaching: false,
  blockTokens: 16,
  blocks: 10_000,
  contextLength: 8192,
};

/** One engine with every pass lasting 1000 ns, and the shape of each pass written down as `decodes+chunks:chunk tokens`, with drafts as `decodes/their tokens`. */
export function bench(
  core: 'fast' | 'plain',
  config: Partial<VllmConfig>,
  requests: readonly { input: number; output: number; most?: number; ids?: number[]; priority?: number }[],
) {
  const builder = new WorkloadBuilder('cases', 16);
  for (const { input, output, most = output, ids } of requests) {
    const names = ids ? { blockIds: ids } : {};
    builder.add({ arrivalNs: 0, inputTokens: input, outputTokens: output, maxOutputTokens: most, ...names });
  }
  const priorities = Int32Array.from(requests, ({ priority = 0 }) => priority);
  const workload = { ...builder.build(), priorities };
  const passes: string[] = [];
  const note = (shape: PassShape): void => {
    const { decodes, decodeTokens, chunks, chunkTokens } = shape;
    passes.push(`${decodes === decodeTokens ? decodes : `${decodes}/${decodeTokens}`}+${chunks}:${chunkTokens}`);
  };
  const timer: StepTimer = {
    window: 0,
    passNs: () => 1000,
    decodeNs: () => 1000,
    // Called once for every batch that is formed by an event.
    boundOf: (shape) => {
      note(shape);
      return 0;
    },
  };
  const log = new RequestLog(workload.count);
  const ends: number[] = [];
  const ledger = new PassLedger(new LogHistogram());
  const engine: EngineCore = createEngine(core, {
    worker: 0,
    role: 'aggregated',
    config: { ...DEFAULTS, ...config },
    timer,
    table: buildRequestTable(workload, Number.POSITIVE_INFINITY),
    log,
    host: {
      finished: (_worker, request) => ends.push(request),
      prefilled: () => {},
      reserved: () => {},
      onboards: () => {},
    },
    ledger,
    tiers: null,
  });
  const runUntil = (timeNs: number): void => {
    while (engine.nextEventNs <= timeNs) engine.runEvent();
  };
  return { engine, log, ledger, passes, ends, runUntil };
}
