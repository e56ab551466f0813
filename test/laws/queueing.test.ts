import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/cluster/simulation.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import { BATCHES, batchMeans, expectCovers, intervalOf } from './batchMeans.ts';
import {
  drawServices,
  fixedService,
  geometricService,
  lognormalService,
  plainWorkload,
  poissonArrivals,
  pollaczekKhinchine,
  promptTimer,
  type Service,
  scenarioOf,
  station,
} from './stations.ts';

/** Requests that one run discards at its start, and that it keeps: many relaxation times of the queue at load 0.9. */
const WARMUP = 20_000;
const UNIT_NS = 1;

/**
 * Runs needed come from theory, not from looking: the asymptotic variance of the M/M/1 wait (Daley 1968) asks for 0.24, 1.0
 * and 3.6 million requests for 3 % at 99 % and loads 0.5, 0.8, 0.9, fixed service for about half; taken 1.6 times and rounded up.
 * The seeds are 1, 2, ... as many as there are runs; nothing else was tried.
 */
const SIZES: readonly { load: number; requests: number; runs: { fixed: number; other: number } }[] = [
  { load: 0.5, requests: 500_000, runs: { fixed: 1, other: 1 } },
  { load: 0.8, requests: 1_000_000, runs: { fixed: 1, other: 2 } },
  { load: 0.9, requests: 1_000_000, runs: { fixed: 3, other: 6 } },
];

describe('M/G/1: one worker, one request at a time, first come first served', () => {
  for (const service of [fixedService(1e6), geometricService(1e6), lognormalService(1e6, 0.7)]) {
    for (const { load, requests, runs } of SIZES) {
      it(`waits as Pollaczek and Khinchine say: ${service.name} service, load ${load}`, { timeout: 300_000 }, () => {
        const count = service.name === 'fixed' ? runs.fixed : runs.other;
        const means = Array.from({ length: count }, (_, run) =>
          waits(service, load, requests, run + 1, BATCHES / count),
        ).flat();
        expectCovers(
          `M/G/1 ${service.name}, load ${load}, mean wait in ns`,
          intervalOf(means),
          pollaczekKhinchine(load / service.mean, service) * UNIT_NS,
        );
      });
    }
  }
});

/** Batch means of the wait, from arrival to first scheduling, of one run; the run must hold the exact laws too. */
function waits(service: Service, load: number, requests: number, seed: number, batches: number): number[] {
  const name = `${service.name}/${load}`;
  const workload = plainWorkload(
    poissonArrivals(seed, name, requests, (service.mean * UNIT_NS) / load),
    drawServices(service, seed, name, requests),
    new Int32Array(requests).fill(1),
  );
  const result = simulate(scenarioOf(workload, [station('aggregated', 1, promptTimer(UNIT_NS))]));
  expect(checkLaws(result, workload)).toEqual([]);
  const { scheduledNs, arrivalNs, lastTokenNs } = result.log;
  const wait = Float64Array.from(scheduledNs, (time, request) => time - arrivalNs[request]);
  // The construction: whoever is scheduled is served without a break for exactly its drawn time.
  const served = wait.every(
    (_, request) => lastTokenNs[request] - scheduledNs[request] === workload.inputTokens[request] * UNIT_NS,
  );
  expect(served).toBe(true);
  return batchMeans(wait, WARMUP, batches);
}
