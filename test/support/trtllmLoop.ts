import { LogHistogram } from '../../src/base/logHistogram.ts';
import { PassLedger } from '../../src/engine/passLedger.ts';
import { Job, type Share } from '../../src/engine/plain/job.ts';
import { RequestLog } from '../../src/engine/requestLog.ts';
import { buildRequestTable } from '../../src/engine/requestTable.ts';
import { PlainExecutor } from '../../src/engine/trtllm/plainExecutor.ts';
import { PlainTrtllm } from '../../src/engine/trtllm/plainTrtllm.ts';
import type { TrtllmConfig } from '../../src/engine/trtllm/trtllmConfig.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';
import { PLAIN_TRTLLM } from './engineConfigs.ts';

/** A request of a decision case; `blocks` name its prompt ten tokens at a time, `at` is the iteration it arrives before. */
export interface CaseRequest {
  readonly prompt: number;
  readonly output: number;
  readonly at?: number;
  readonly blocks?: readonly number[];
}

/** What one iteration ran: request and tokens computed, in the order of the batch. */
export type Iteration = readonly (readonly [request: number, tokens: number, prompt: number])[];

/**
 * Runs the executor loop without overlap, as the C++ tests do, until all requests are through. On a generation server (`decode`)
 * their KV is there in the iteration after they got room for it.
 */
export function runLoop(
  requests: readonly CaseRequest[],
  settings: Partial<TrtllmConfig>,
  role: 'aggregated' | 'decode' = 'aggregated',
): Iteration[] {
  const config = { ...PLAIN_TRTLLM, blockTokens: 10, prefixCaching: false, ...settings };
  const builder = new WorkloadBuilder('case', config.blockTokens);
  for (const { prompt, output, blocks } of requests) {
    const names = blocks === undefined ? {} : { blockIds: [...blocks] };
    builder.add({ arrivalNs: 0, inputTokens: prompt, outputTokens: output, ...names });
  }
  const table = buildRequestTable(builder.build(), Number.POSITIVE_INFINITY);
  let finished = 0;
  const moving: number[] = [];
  const executor = new PlainExecutor(config);
  const setup = {
    worker: 0,
    role,
    config,
    timer: { window: 0, passNs: () => 1, decodeNs: () => 1, boundOf: () => 0 as const },
    table,
    log: new RequestLog(requests.length),
    ledger: new PassLedger(new LogHistogram()),
    host: {
      finished: () => {
        finished += 1;
      },
      prefilled: () => {},
      reserved: (_: number, request: number) => {
        moving.push(request);
      },
      onboards: () => {},
    },
    tiers: null,
  };
  const scheduler = new PlainTrtllm(setup, executor);
  const iterations: Iteration[] = [];
  for (let now = 0; finished < requests.length && now < 1000; now++) {
    for (const [request, { prompt, output, at = 0 }] of requests.entries()) {
      if (at !== now) continue;
      const job = new Job(request, prompt, output, 0, now);
      job.remote = role === 'decode';
      scheduler.enqueue(job);
    }
    for (const request of moving.splice(0)) scheduler.remoteArrived(request, now);
    // These tests hand over all requests at once, of which an idle executor would fetch one.
    executor.activate();
    const shares: Share[] = scheduler.form([], now);
    iterations.push(shares.map(({ job, tokens, decodes }) => [job.request, tokens, decodes ? 0 : job.known] as const));
    for (const { job, completes } of shares) {
      if (!completes) continue;
      job.generated += 1;
      job.placeholders -= 1;
    }
    scheduler.settle(shares, now);
  }
  return iterations;
}

/** Stretches of iterations that ran the same requests: `0-40: 0 1`. */
export function stretches(iterations: readonly Iteration[]): string[] {
  const texts: string[] = [];
  let start = 0;
  const names = iterations.map((shares) =>
    shares
      .map(([request]) => request)
      .sort((a, b) => a - b)
      .join(' '),
  );
  for (let at = 1; at <= names.length; at++) {
    if (names[at] === names[start]) continue;
    texts.push(`${start}-${at - 1}: ${names[start]}`);
    start = at;
  }
  return texts;
}
