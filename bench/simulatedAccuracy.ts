/**
 * How far are whole simulated benchmark runs from measured servers, without calibration per engine or site?
 *   DYNOSIM_DATA=... npx tsx bench/simulatedAccuracy.ts
 * Every point trusted for TPOT is replayed as it was measured: a closed loop whose slots all fill at time 0, ten requests a
 * slot, lengths uniform in the stated range. The scheduler is vLLM's for all backends, so the rows of SGLang and
 * TensorRT-LLM show what their own schedulers would still have to explain. The timing constants were fitted to the TPOT of
 * these rows in closed form; nothing was fitted to TTFT. KV capacity is left out, as recipes do not always tell it.
 */

import Table from 'cli-table3';
import { RandomStream } from '../src/base/random.ts';
import { simulate } from '../src/cluster/simulation.ts';
import { compileTimer } from '../src/timing/roofline.ts';
import type { Workload } from '../src/workload/workload.ts';
import { WorkloadBuilder } from '../src/workload/workloadBuilder.ts';
import { PLAIN_VLLM } from '../test/support/engineConfigs.ts';
import { type MeasuredPoint, measuredPoints } from './timingPoints.ts';

const REQUESTS_PER_SLOT = 10;
const BUDGET_TOKENS = 8192;

function benchmarkOf({ concurrency, inputTokens, outputTokens, lengthShares: [low, high] }: MeasuredPoint): Workload {
  const builder = new WorkloadBuilder('benchmark', 512);
  const random = new RandomStream(1, 'benchmark lengths');
  const length = (mean: number): number => Math.max(1, Math.round(mean * (low + (high - low) * random.uniform())));
  for (let request = 0; request < REQUESTS_PER_SLOT * concurrency; request++) {
    builder.add({ arrivalNs: 0, inputTokens: length(inputTokens), outputTokens: length(outputTokens) });
  }
  return builder.build();
}

function simulatedMeans(point: MeasuredPoint): { ttftMs: number; tpotMs: number } {
  const { concurrency, spec } = point;
  const workload = benchmarkOf(point);
  const { log } = simulate({
    workload,
    load: { kind: 'closed', concurrency },
    pools: [
      {
        name: 'server',
        role: 'aggregated',
        replicas: 1,
        gpusPerReplica: 1,
        timer: compileTimer(spec),
        engine: {
          ...PLAIN_VLLM,
          maxBatchedTokens: BUDGET_TOKENS * spec.parallelism.attentionData,
          maxSequences: Math.min(BUDGET_TOKENS, Math.max(1024, concurrency)),
          chunkedPrefill: true,
          prefixCaching: false,
          blockTokens: 512,
          blocks: 1e6,
          contextLength: 1e6,
        },
      },
    ],
    router: { policy: 'round_robin' },
    transfer: null,
    seed: 1,
    overLength: 'reject',
    maxVirtualNs: Number.POSITIVE_INFINITY,
    core: 'fast',
    samples: 0,
  });
  let ttftNs = 0;
  let tpotNs = 0;
  for (let request = 0; request < workload.count; request++) {
    ttftNs += log.firstTokenNs[request] - log.arrivalNs[request];
    tpotNs += (log.lastTokenNs[request] - log.firstTokenNs[request]) / Math.max(1, workload.outputTokens[request] - 1);
  }
  return { ttftMs: ttftNs / workload.count / 1e6, tpotMs: tpotNs / workload.count / 1e6 };
}

/** MAPE, median and signed bias (median of predicted / measured - 1), in percent. */
function errorsOf(ratios: readonly number[]): string[] {
  const absolute = ratios.map((ratio) => Math.abs(ratio - 1)).sort((a, b) => a - b);
  const signed = ratios.map((ratio) => ratio - 1).sort((a, b) => a - b);
  const mean = absolute.reduce((sum, value) => sum + value, 0) / absolute.length;
  const middle = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)];
  return [mean, middle(absolute), middle(signed)].map((share) => (100 * share).toFixed(1));
}

const { points } = measuredPoints();
const replayed = points.map((point) => ({ point, ...simulatedMeans(point) }));
const table = new Table({
  head: ['rows', 'TPOT n', 'MAPE %', 'median %', 'bias %', 'TTFT n', 'MAPE %', 'median %', 'bias %'],
});
for (const backend of ['all', 'vllm', 'trtllm', 'sglang']) {
  const rows = replayed.filter(({ point }) => backend === 'all' || point.backend === backend);
  const tpot = rows.map(({ point, tpotMs }) => tpotMs / point.tpotMs);
  const ttft = rows.flatMap(({ point, ttftMs }) => (point.ttftMs === null ? [] : [ttftMs / point.ttftMs]));
  table.push([backend, tpot.length, ...errorsOf(tpot), ttft.length, ...errorsOf(ttft)]);
}
console.log(table.toString());
