import { LogHistogram } from '../../src/base/logHistogram.ts';
import { createEngine } from '../../src/engine/createEngine.ts';
import type { EngineCore } from '../../src/engine/engineCore.ts';
import { PassLedger } from '../../src/engine/passLedger.ts';
import { RequestLog } from '../../src/engine/requestLog.ts';
import { buildRequestTable } from '../../src/engine/requestTable.ts';
import type { VllmConfig } from '../../src/engine/vllm/vllmConfig.ts';
import type { KvTiers } from '../../src/kv/kvTiers.ts';
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

/** A connector that always has so many tokens past the local hit, as vLLM's scheduler tests mock one; they take a while to load. */
function mockConnector(tokens: number, pageTokens: number): KvTiers {
  return {
    names: ['host'],
    takesEvicted: false,
    isShared: false,
    nowNs: 0,
    reach: (_request, from, to) => Math.min(to, from + tokens / pageTokens),
    pagesByTier: (_request, from, to) => [to - from],
    load() {
      return this.nowNs + LOAD_NS;
    },
    store: () => {},
    evictedOf: () => {},
    evicted: () => {},
  };
}

/** From the moment a mocked connector is asked to what it has being there. */
const LOAD_NS = 500;

/** One engine with every pass lasting 1000 ns, and the shape of each pass written down as `decodes+chunks:chunk tokens`, with drafts as `decodes/their tokens`. `connectorTokens`: what a mocked connector has past every hit. */
export function bench(
  core: 'fast' | 'plain',
  config: Partial<VllmConfig>,
  requests: readonly { input: number; output: number; most?: number; ids?: number[]; priority?: number }[],
  connectorTokens = 0,
) {
  const builder = new WorkloadBuilder('cases', config.blockTokens ?? 16);
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
  const loads: { readonly request: number; readonly readyNs: number }[] = [];
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
      onboards: (_worker, request, readyNs) => loads.push({ request, readyNs }),
    },
    ledger,
    tiers: connectorTokens === 0 ? null : mockConnector(connectorTokens, config.blockTokens ?? DEFAULTS.blockTokens),
  });
  /** Loads arrive before batches are formed. */
  const runUntil = (timeNs: number): void => {
    for (;;) {
      const load = loads[0];
      const loadNs = load?.readyNs ?? Number.POSITIVE_INFINITY;
      if (Math.min(engine.nextEventNs, loadNs) > timeNs) return;
      if (engine.nextEventNs < loadNs) {
        engine.runEvent();
      } else {
        loads.shift();
        engine.remoteArrived(load!.request, load!.readyNs);
      }
    }
  };
  return { engine, log, ledger, passes, ends, runUntil };
}
