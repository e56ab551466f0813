import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import { simulate } from '../../src/cluster/simulation.ts';
import { STATE } from '../../src/engine/requestLog.ts';
import { checkLaws } from '../../src/metrics/laws.ts';
import type { Workload } from '../../src/workload/workload.ts';
import { BATCHES, batchMeans, expectCovers, intervalOf } from './batchMeans.ts';
import {
  constantTimer,
  drawServices,
  geometricService,
  plainWorkload,
  poissonArrivals,
  pollaczekKhinchine,
  promptTimer,
  scenarioOf,
  station,
} from './stations.ts';

describe('M/M/1//N: sessions in a closed loop that think and are served one at a time', () => {
  const CUSTOMERS = 5;
  const TURNS = 100_000;
  const THINK_NS = 4e6;
  const END_NS = 3e11;
  const WARMUP_NS = 4e9;
  // Geometric in steps of a millionth of its mean: exponential for all purposes here.
  const service = geometricService(1e6);

  it('has the throughput and the response time of the machine repair model', () => {
    const workload = thinkers(CUSTOMERS, TURNS, THINK_NS);
    const result = simulate(
      scenarioOf(workload, [station('aggregated', 1, promptTimer(1))], {
        load: { kind: 'closed', concurrency: CUSTOMERS },
        maxVirtualNs: END_NS,
      }),
    );
    expect(checkLaws(result, workload)).toEqual([]);
    const turnsLeft = result.log.arrivalNs.subarray(-CUSTOMERS).every((time) => time < 0);
    expect(turnsLeft, 'nobody may run out of turns').toBe(true);
    const completed = new Float64Array(BATCHES);
    const response = new Float64Array(BATCHES);
    const windowNs = (END_NS - WARMUP_NS) / BATCHES;
    const { arrivalNs, lastTokenNs } = result.log;
    for (let request = 0; request < workload.count; request++) {
      const window = Math.floor((lastTokenNs[request] - WARMUP_NS) / windowNs);
      if (lastTokenNs[request] < WARMUP_NS || window >= BATCHES) continue;
      completed[window] += 1;
      response[window] += lastTokenNs[request] - arrivalNs[request];
    }
    const exact = machineRepair(CUSTOMERS, THINK_NS, service.mean);
    expectCovers(
      'M/M/1//5, completions per ms',
      intervalOf(Array.from(completed, (count) => (count / windowNs) * 1e6)),
      exact.throughput * 1e6,
    );
    expectCovers(
      'M/M/1//5, mean response in ns',
      intervalOf(Array.from(response, (sum, window) => sum / completed[window])),
      exact.responseNs,
    );
  });

  /** Turn j of customer c is request j * customers + c. */
  function thinkers(customers: number, turns: number, thinkNs: number): Workload {
    const count = customers * turns;
    const stream = new RandomStream(1, 'laws/think');
    const arrivalNs = new Float64Array(count).fill(-1).fill(0, 0, customers);
    return {
      ...plainWorkload(arrivalNs, drawServices(service, 1, 'thinkers', count), new Int32Array(count).fill(1)),
      nextTurn: Int32Array.from({ length: count }, (_, turn) => (turn + customers < count ? turn + customers : -1)),
      isFollowUp: new Uint8Array(count).fill(1, customers),
      thinkNs: Float64Array.from({ length: count }, (_, turn) =>
        turn < customers ? 0 : Math.round(stream.exponential(thinkNs)),
      ),
    };
  }

  /** Birth-death balance (Feller 1950, "servicing of machines"): p(n) ~ N!/(N-n)! (service/think)^n. */
  function machineRepair(customers: number, thinkNs: number, serviceNs: number) {
    let weight = 1;
    let total = 1;
    for (let n = 1; n <= customers; n++) {
      weight *= (customers - n + 1) * (serviceNs / thinkNs);
      total += weight;
    }
    const throughput = (1 - 1 / total) / serviceNs;
    return { throughput, responseNs: customers / throughput - thinkNs };
  }
});

/**
 * One request decodes for ever, so passes of length D follow each other on a grid. Whoever arrives waits for the pass in
 * flight to end and then takes n passes, so residences are independent of each other: an M/G/infinity queue. Just after
 * a pass has begun, the number present is the number of arrivals in the last passes j = 1, 2, ... with n >= j: Poisson
 * with mean lambda D E[n]. With n at most `longest`, counts that many passes apart are independent.
 */
describe('M/G/infinity: passes last the same however many share them', () => {
  const PASS_NS = 1e6;

  it.each([
    { what: 'arrivals in every pass', longest: 20, perPass: 2, samples: 10_000 },
    { what: 'runs of some 50 passes between arrivals', longest: 2000, perPass: 0.02, samples: 2_000 },
  ])('has a Poisson number in service: $what', ({ what, longest, perPass, samples }) => {
    const passes = longest * (samples + 1);
    const workload = crowd(longest, perPass, passes);
    const result = simulate(scenarioOf(workload, [station('aggregated', 2 ** 20, constantTimer(PASS_NS))]));
    expect(checkLaws(result, workload)).toEqual([]);
    const { arrivalNs, lastTokenNs } = result.log;
    const change = new Int32Array(passes + longest + 2);
    let astray = 0;
    for (let request = 1; request < workload.count; request++) {
      const first = Math.ceil(arrivalNs[request] / PASS_NS);
      const last = first + workload.outputTokens[request];
      if (lastTokenNs[request] !== last * PASS_NS) astray += 1;
      change[first] += 1;
      change[lastTokenNs[request] / PASS_NS] -= 1;
    }
    expect(astray, 'residence is the rest of the pass in flight and n passes').toBe(0);
    const present: number[] = [];
    let now = 0;
    for (let pass = 0; pass < passes; pass++) {
      now += change[pass];
      if (pass >= longest && pass % longest === 0) present.push(now);
    }
    const mean = (perPass * (longest + 1)) / 2;
    expectPoisson(`M/G/infinity, ${what}`, present, mean);
  });

  /** Request 0 outlasts the others, which arrive until pass `passes` and take 1..longest passes, all equally likely. */
  function crowd(longest: number, perPass: number, passes: number): Workload {
    const name = `crowd/${longest}`;
    const enough = Math.ceil(perPass * passes * 1.05) + 1000;
    const drawn = poissonArrivals(1, name, enough, PASS_NS / perPass);
    expect(drawn[enough - 1]).toBeGreaterThan(passes * PASS_NS);
    const arrivals = [0, ...drawn.filter((time) => time < passes * PASS_NS)];
    const stream = new RandomStream(1, `laws/service/${name}`);
    const outputs = arrivals.map((_, row) => (row === 0 ? passes + longest : stream.integer(1, longest)));
    return plainWorkload(
      Float64Array.from(arrivals),
      new Int32Array(arrivals.length).fill(1),
      Int32Array.from(outputs),
    );
  }

  /** Pearson's chi-square test of independent counts against the Poisson law, at 99 %, tails pooled to 10 expected. */
  function expectPoisson(what: string, counts: readonly number[], mean: number): void {
    const seen: number[] = [];
    for (const count of counts) seen[count] = (seen[count] ?? 0) + 1;
    let probability = Math.exp(-mean);
    let below = 0;
    let expected = 0;
    let observed = 0;
    let statistic = 0;
    let cells = 0;
    for (let n = 0; below + expected < counts.length - 10; n++) {
      expected += probability * counts.length;
      observed += seen[n] ?? 0;
      probability *= mean / (n + 1);
      if (expected < 10) continue;
      statistic += (observed - expected) ** 2 / expected;
      cells += 1;
      below += expected;
      expected = 0;
      observed = 0;
      seen.fill(0, 0, n + 1);
    }
    expected = counts.length - below;
    observed += seen.reduce((sum, count) => sum + (count ?? 0), 0);
    statistic += (observed - expected) ** 2 / expected;
    const limit = chiSquare99(cells);
    const measured = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    console.log(
      `${what}: mean ${measured.toFixed(3)} of ${mean}, chi-square ${statistic.toFixed(1)} with ${cells} degrees of freedom (99 %: ${limit.toFixed(1)})`,
    );
    expect(statistic).toBeLessThan(limit);
    // Var(mean of n) = mean / n; 2.58 standard deviations are 99 %.
    expect(Math.abs(measured - mean)).toBeLessThan(2.58 * Math.sqrt(mean / counts.length));
  }

  /** Wilson and Hilferty's approximation (1931), good to 0.1 here. */
  function chiSquare99(degrees: number): number {
    const spread = 2 / (9 * degrees);
    return degrees * (1 - spread + 2.3263 * Math.sqrt(spread)) ** 3;
  }
});

/**
 * Prefill worker, free transfer, decode worker, one request at a time in each. The first stage is M/M/1, so by Burke's
 * theorem (1956) it is left by a Poisson process of the arrivals' rate, and the second stage, whose service is n passes of
 * constant length with n drawn apart, is an M/G/1 queue: both waits are Pollaczek and Khinchine's.
 */
describe('Tandem: a prefill worker feeds a decode worker', () => {
  const RUNS = 2;
  const REQUESTS = 1_000_000;
  const WARMUP = 20_000;
  const PASS_NS = 20_000;
  const prompts = geometricService(1e6);
  const passes = geometricService(50);
  const gapNs = prompts.mean / 0.7;

  it('waits at either stage as if the other were not there', { timeout: 300_000 }, () => {
    const prefill: number[] = [];
    const decode: number[] = [];
    for (let seed = 1; seed <= RUNS; seed++) {
      const workload = plainWorkload(
        poissonArrivals(seed, 'tandem', REQUESTS, gapNs),
        drawServices(prompts, seed, 'tandem/prefill', REQUESTS),
        drawServices(passes, seed, 'tandem/decode', REQUESTS),
      );
      const { log, ...result } = simulate(
        scenarioOf(workload, [station('prefill', 1, promptTimer(1)), station('decode', 1, constantTimer(PASS_NS))], {
          transfer: { bandwidthBytesPerS: Number.POSITIVE_INFINITY, latencyNs: 0, kvBytesPerToken: 1 },
        }),
      );
      expect(checkLaws({ log, ...result }, workload)).toEqual([]);
      const first = Float64Array.from(log.scheduledNs, (time, request) => time - log.arrivalNs[request]);
      const second = Float64Array.from(
        first,
        (wait, request) =>
          log.lastTokenNs[request] -
          log.arrivalNs[request] -
          wait -
          workload.inputTokens[request] -
          workload.outputTokens[request] * PASS_NS,
      );
      // What is left of e2e after both services and the first wait is the wait that the log calls queueing.
      const agrees = second.every(
        (wait, request) => wait === log.e2eStateNs(request, STATE.admissionQueue) - first[request],
      );
      expect(agrees).toBe(true);
      prefill.push(...batchMeans(first, WARMUP, BATCHES / RUNS));
      decode.push(...batchMeans(second, WARMUP, BATCHES / RUNS));
    }
    expectCovers('tandem, wait for prefill in ns', intervalOf(prefill), pollaczekKhinchine(1 / gapNs, prompts));
    expectCovers(
      'tandem, wait for decode in ns',
      intervalOf(decode),
      pollaczekKhinchine(PASS_NS / gapNs, passes) * PASS_NS,
    );
  });
});
