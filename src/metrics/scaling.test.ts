import { expect, test } from 'vitest';
import { type HandmadeRequest, summaryInput } from '../../test/support/handmadeRun.ts';
import type { ScalingRecord } from '../cluster/simulationResult.ts';
import { summarize } from './summarize.ts';

const HOUR_MS = 3600e3;

/** Two replicas of two GPUs for two hours; the second is there from 0.5 h (starting until 1 h) to 1.75 h (draining from 1.5 h). */
function planned(requests: readonly HandmadeRequest[]) {
  const input = summaryInput(requests, { durationMs: 2 * HOUR_MS }, { slo: { ttft_ms: { p95: 100 } } });
  const h = 3600e9;
  const scaling: ScalingRecord = {
    intervalNs: h / 2,
    arrivals: [1, 0, 1],
    decisions: [
      { timeNs: 0.5 * h, from: [1], wanted: [5], granted: [2], reason: 'busy' },
      { timeNs: h, from: [2], wanted: [4], granted: [2], reason: 'busier' },
      { timeNs: 1.5 * h, from: [2], wanted: [0], granted: [1], reason: 'idle' },
    ],
    replicas: [
      { timeNs: 0, pool: 0, starting: 0, ready: 1, draining: 0, down: 0 },
      { timeNs: 0.5 * h, pool: 0, starting: 1, ready: 1, draining: 0, down: 0 },
    ],
    gpusPeak: 6,
    warmReplicas: [1],
    reroled: 0,
  };
  const presence = [
    { startingNs: 0, servingNs: 2 * h, drainingNs: 0 },
    { startingNs: 0.5 * h, servingNs: 0.5 * h, drainingNs: 0.25 * h },
  ];
  const workers = input.result.workers.map((worker, index) => ({ ...worker, presence: presence[index] }));
  return summarize({ ...input, result: { ...input.result, scaling, workers } });
}

test('GPU time is paid for by what replicas do with it, warm nodes included', () => {
  const { planner, fleet, cost } = planned([{ arrivalMs: 0, prefillMs: 50, gapsMs: [10] }]);
  expect(planner!.gpu_hours).toEqual({ starting: 1, serving: 5, draining: 0.5, warm: 4 });
  expect(planner!.usd).toEqual({ starting: 2, serving: 10, draining: 1, warm: 8 });
  expect(fleet).toEqual({ gpus_peak: 6, gpus_mean: 5.25, gpu_hours: 10.5, scale_events: 2 });
  expect(cost.usd).toBe(21);
  expect(cost.usd_per_hour).toBe(10.5);
});

test('every decision is told with its reason, and attainment by the time of arrival', () => {
  const { planner } = planned([
    { arrivalMs: 0, prefillMs: 50, gapsMs: [10] },
    { arrivalMs: 1000, prefillMs: 150, gapsMs: [10] },
    { arrivalMs: HOUR_MS, prefillMs: 150, gapsMs: [10] },
  ]);
  expect(planner!.ticks).toBe(3);
  expect(planner!.decisions[0]).toEqual({
    time_s: 1800,
    from: { main: 1 },
    wanted: { main: 5 },
    granted: { main: 2 },
    reason: 'busy',
  });
  expect(planner!.windows).toHaveLength(60);
  expect(planner!.windows[0]).toEqual({ from_s: 0, requests: 2, attained_ratio: 0.5 });
  expect(planner!.windows[1]).toEqual({ from_s: 120, requests: 0, attained_ratio: null });
  expect(planner!.windows[30]).toEqual({ from_s: 3600, requests: 1, attained_ratio: 0 });
});
