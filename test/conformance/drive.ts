import { LogHistogram } from '../../src/base/logHistogram.ts';
import { createEngine } from '../../src/engine/createEngine.ts';
import type { EngineConfig } from '../../src/engine/engineConfig.ts';
import type { EngineCore, EngineLoad } from '../../src/engine/engineCore.ts';
import { PassLedger } from '../../src/engine/passLedger.ts';
import { RequestLog } from '../../src/engine/requestLog.ts';
import { buildRequestTable } from '../../src/engine/requestTable.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';

export interface Asked {
  readonly arrivalNs: number;
  readonly input: number;
  readonly output: number;
  readonly blockIds?: readonly number[];
}

export interface Driven {
  readonly core: EngineCore;
  readonly log: RequestLog;
  readonly ledger: PassLedger;
  /** Requests in the order in which they finished. */
  readonly finished: number[];
  readonly load: EngineLoad;
  /** Most passes that were in flight at once. */
  readonly mostInFlight: number;
}

/** A pass of prompts takes 100 ns and one for each token, a pass of decodes 10 ns, one of both 5 ns more. */
const TIMER: StepTimer = {
  window: 0,
  decodeNs: () => 10,
  passNs: ({ chunks, chunkTokens, decodes }) => (chunks === 0 ? 10 : 100 + chunkTokens + (decodes > 0 ? 5 : 0)),
  boundOf: () => 0,
};

/** Before an event is run, with the time from which on the core may be looked at. */
type Look = (core: EngineCore, fromNs: number, toNs: number) => void;

/** Runs one worker through arrivals in order of time, as the cluster does, until nothing happens any more. */
export function drive(kind: 'fast' | 'plain', config: EngineConfig, asked: readonly Asked[], look?: Look): Driven {
  const builder = new WorkloadBuilder('conformance', 8);
  for (const { arrivalNs, input, output, blockIds } of asked) {
    const names = blockIds === undefined ? {} : { blockIds: [...blockIds] };
    builder.add({ arrivalNs, inputTokens: input, outputTokens: output, ...names });
  }
  const table = buildRequestTable(builder.build(), Number.POSITIVE_INFINITY);
  const log = new RequestLog(asked.length);
  const ledger = new PassLedger(new LogHistogram());
  const finished: number[] = [];
  let isRunning = false;
  const core = createEngine(kind, {
    worker: 0,
    role: 'aggregated',
    config,
    timer: TIMER,
    table,
    log,
    ledger,
    tiers: null,
    host: {
      finished: (_, request, nowNs) => {
        if (!isRunning) throw new Error('a request finished outside of runEvent');
        if (nowNs !== core.nextEventNs) throw new Error('a request finished at another time than its event');
        finished.push(request);
      },
      prefilled: () => {
        throw new Error('an aggregated worker handed over');
      },
      reserved: () => {
        throw new Error('an aggregated worker reserved');
      },
      onboards: () => {
        throw new Error('a worker without tiers onboards');
      },
    },
  });
  let next = 0;
  let nowNs = 0;
  let mostInFlight = 0;
  for (;;) {
    const arrivalNs = next < asked.length ? asked[next].arrivalNs : Number.POSITIVE_INFINITY;
    // A batch is formed after everything else of its time.
    const isEvent = core.nextEventNs < arrivalNs || (core.nextEventNs === arrivalNs && core.nextEventKind === 0);
    const dueNs = isEvent ? core.nextEventNs : arrivalNs;
    if (dueNs === Number.POSITIVE_INFINITY) break;
    if (dueNs < nowNs) throw new Error('time ran backwards');
    look?.(core, nowNs, dueNs);
    nowNs = dueNs;
    if (isEvent) {
      isRunning = true;
      core.runEvent();
      isRunning = false;
    } else {
      core.advanceTo(nowNs);
      log.arrivalNs[next] = nowNs;
      core.enqueue(next, nowNs);
      next += 1;
    }
    mostInFlight = Math.max(mostInFlight, core.passesInFlight);
  }
  const load: EngineLoad = { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 };
  core.readLoad(load);
  return { core, log, ledger, finished, load, mostInFlight };
}

/** All that a run says of its requests. */
export function timesOf({ log, ledger, finished }: Driven): unknown {
  return {
    scheduled: [...log.scheduledNs],
    first: [...log.firstTokenNs],
    last: [...log.lastTokenNs],
    gaps: [...log.maxGapNs],
    passes: ledger.passes,
    busyNs: ledger.busyNs,
    batchSum: ledger.batchSum,
    finished,
  };
}
