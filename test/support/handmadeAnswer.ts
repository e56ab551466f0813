import type { PredictConfig } from '../../src/config/predictConfig.ts';
import type { SloSpec } from '../../src/metrics/report.ts';
import { summarize } from '../../src/metrics/summarize.ts';
import { NO_WINDOW } from '../../src/metrics/window.ts';
import type { Evaluated, Recommendation } from '../../src/recommend/recommendation.ts';
import type { RunDetail } from '../../src/report/chartData.ts';
import { type HandmadeRequest, summaryInput } from './handmadeRun.ts';

export const HANDMADE_SLO: SloSpec = { ttft_ms: { p95: 400 }, tpot_ms: { p95: 30 } };

/**
 * A server that takes requests one after the other (Lindley's recursion) and slows down as its queue grows:
 * every tenth request is long, so that the tail queues.
 */
export function handmadeRequests(count: number, gapMs: number): HandmadeRequest[] {
  let freeMs = 0;
  return Array.from({ length: count }, (_, index) => {
    const arrivalMs = index * gapMs;
    const prefillMs = index % 10 === 0 ? 160 : 40 + (index % 7) * 5;
    const startMs = Math.max(freeMs, arrivalMs);
    freeMs = startMs + prefillMs;
    const gapsMs = Array.from({ length: 20 + (index % 5) * 10 }, () => 15 + (index % 13));
    return { arrivalMs, queueMs: startMs - arrivalMs, prefillMs, gapsMs, reusedTokens: index % 3 === 0 ? 48 : 0 };
  });
}

/** A run in full, with samples of its state; `gapMs` sets the load: about 65 ms of work arrive every `gapMs`. */
export function handmadeDetail(gapMs = 70): RunDetail {
  const requests = handmadeRequests(400, gapMs);
  const durationMs = 40_000;
  const timeNs = Array.from({ length: 120 }, (_, index) => (index * durationMs * 1e6) / 120);
  const wave = timeNs.map((_, index) => Math.round(12 + 8 * Math.sin(index / 9) + (index % 5)));
  const samples = {
    intervalNs: timeNs[1],
    timeNs,
    inFlight: wave,
    running: wave.map((value) => Math.min(value, 16)),
    waiting: wave.map((value) => Math.max(0, value - 16)),
    kvUsage: wave.map((value) => value / 28),
  };
  const input = summaryInput(
    requests,
    { durationMs, samples },
    { slo: HANDMADE_SLO, warnings: ['the trace clock ticks every 3 s: arrivals come in bursts'] },
  );
  return {
    report: summarize(input),
    result: input.result,
    workload: input.scenario.workload,
    slo: HANDMADE_SLO,
    window: NO_WINDOW,
  };
}

export const HANDMADE_CONFIG: PredictConfig = {
  seed: 1,
  traffic: {
    source: { type: 'preset', name: 'chat', requests: 400 },
    load: { type: 'poisson', requests_per_second: 10 },
    stop: { requests: null, max_virtual_time_seconds: null },
    over_length: 'reject',
    max_output_tokens: 'exact',
    ignore_eos: false,
  },
  engine: {
    mode: 'aggregated',
    model: 'meta-llama/Llama-3.1-70B',
    backend: 'vllm',
    backend_version: '0.28.0',
    quantization: 'fp8',
    context_length: null,
    workers: {
      aggregated: [
        {
          name: 'main',
          hardware: 'h200_sxm',
          parallelism: { replicas: 2, tensor: 2, pipeline: 1, attention_data: 1, moe_tensor: 1, moe_expert: 1 },
          scheduler: { max_batched_tokens: 8192, max_sequences: 256, chunked_prefill: true },
          kv_cache: {
            block_size: 16,
            prefix_caching: true,
            dtype: 'auto',
            capacity: { memory_fraction: 0.9 },
          },
          speculation: null,
          cuda_graphs: { max_size: 512 },
          timing: { type: 'roofline', calibration: null },
        },
      ],
    },
    kv_transfer: { bandwidth_gb_per_second: null, latency_ms: 0 },
  },
  router: { policy: 'prefix_aware' },
  evaluation: { slo: HANDMADE_SLO, window: { warmup: { requests: 0 }, cooldown: { requests: 0 } } },
  cost: { usd_per_gpu_hour: null },
};

/** An answer with a three-point frontier, thirty dominated and infeasible points, a runner-up and a baseline. */
export function handmadeAnswer(): Recommendation {
  const { report } = handmadeDetail();
  const candidate = (gpus: number, usdPerHour: number, p95TtftMs: number, shape: string): Evaluated => ({
    id: `${shape.length}${gpus}`.padEnd(12, '0'),
    shape,
    config: HANDMADE_CONFIG,
    summary: {
      ...report,
      cost: { ...report.cost, usd_per_hour: usdPerHour, usd_per_month: usdPerHour * 730 },
      latency: { ...report.latency, ttft_ms: { ...report.latency.ttft_ms, p95: p95TtftMs } },
      slo: { ...report.slo, met: true, worst_slack: (400 - p95TtftMs) / 400 },
    },
    gpus,
    load: { type: 'multiplier', value: 1 },
    feasible: true,
    violations: [],
    files: {},
  });
  const pick = candidate(8, 29.44, 310, '4x TP2 h200_sxm');
  const frontier = [pick, candidate(12, 44.16, 240, '3x TP4 h200_sxm'), candidate(16, 58.88, 190, '4x TP4 h200_sxm')];
  const baseline = candidate(24, 88.32, 260, '6x TP4 h200_sxm');
  const pointOf = (gpus: number, usd: number, ttft: number, feasible: boolean, onFrontier: boolean, index: number) => ({
    id: String(index),
    shape: `${gpus / 2}x TP2 h200_sxm`,
    mode: 'aggregated' as const,
    gpus,
    load: 1,
    feasible,
    on_frontier: onFrontier,
    objectives: [usd, ttft],
  });
  const cloud = Array.from({ length: 30 }, (_, index) => {
    const gpus = index < 10 ? 2 + (index % 6) : 9 + (index % 22);
    const ttft = index < 10 ? 450 + index * 90 : 330 + ((index * 37) % 70);
    return pointOf(gpus, gpus * 3.68, ttft, index >= 10, false, index);
  });
  return {
    schema_version: 1,
    dynosim_version: '0.1.0',
    config_hash: 'c0ffee',
    seed: 1,
    goal: {
      kind: 'given_load',
      objectives: [
        { metric: 'usd_per_hour', direction: 'minimize' },
        { metric: 'p95_ttft_ms', direction: 'minimize' },
      ],
      slo: HANDMADE_SLO,
      sentence: 'Serve Llama-3.1-70B at least cost with p95 TTFT within 400 ms and p95 TPOT within 30 ms',
    },
    frontier,
    pick,
    runner_up: frontier[1],
    why: [
      'Against the baseline, 6x TP4 h200_sxm: 66.7% less usd_per_hour.',
      'One GPU pair fewer misses p95 TTFT by 12 %.',
    ],
    baseline: { ...baseline, change: { usd_per_hour: -0.667, p95_ttft_ms: 0.19 } },
    tried: {
      enumerated: 120,
      illegal: 40,
      no_memory: 30,
      bounded_out: 17,
      duplicate: 0,
      short: 0,
      full: 33,
      failed: 0,
      not_run: 0,
      simulations: 33,
      passes: 123_456,
    },
    failures: [],
    reasons: [{ kind: 'no_memory', reason: 'weights do not fit', candidates: 30 }],
    violations: [{ rule: 'p95_ttft_ms <= 400', candidates: 10 }],
    points: [
      ...cloud,
      ...frontier.map(({ gpus, summary }, index) =>
        pointOf(gpus, summary.cost.usd_per_hour, summary.latency.ttft_ms.p95, true, true, 100 + index),
      ),
    ],
    hypervolume: 0.71,
    truncated: false,
    elapsed: { wall_ms: 5200, simulation_ms: 9800, threads: 2 },
  };
}
