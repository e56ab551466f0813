import { describe, expect, it } from 'vitest';
import { type HandmadeRequest, handmadeRun } from '../../test/support/handmadeRun.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import { OUTCOME, STATE } from '../engine/requestLog.ts';
import { checkLaws } from './laws.ts';

const REQUESTS: HandmadeRequest[] = [
  { arrivalMs: 0, queueMs: 10, prefillMs: 20, gapsMs: [5, 15] },
  { arrivalMs: 100, prefillMs: 50, gapsMs: [] },
  { arrivalMs: 150, prefillMs: 0, gapsMs: [1], fate: 'rejected' },
];

function breachesAfter(spoil: (result: SimulationResult) => Partial<SimulationResult>): string[] {
  const { result, workload } = handmadeRun(REQUESTS, { durationMs: 1000 });
  return checkLaws({ ...result, ...spoil(result) }, workload);
}

describe('checkLaws', () => {
  it('finds nothing wrong with a lawful run, finished or not', () => {
    expect(breachesAfter(() => ({}))).toEqual([]);
    const pending: HandmadeRequest = { arrivalMs: 300, prefillMs: 0, gapsMs: [1], fate: 'pending' };
    const { result, workload } = handmadeRun([...REQUESTS, pending], { durationMs: 1000 });
    expect(checkLaws(result, workload)).toEqual([]);
  });

  it.each<[string, RegExp, (result: SimulationResult) => Partial<SimulationResult>]>([
    ['a request too many', /^conservation: 4 submitted but 3 arrived/, () => ({ submitted: 4 })],
    [
      'an end without an arrival',
      /^conservation: request 2 ended without/,
      ({ log }) => {
        log.arrivalNs[2] = -1;
        return { submitted: 2 };
      },
    ],
    [
      'one ns in flight too many',
      /^Little/,
      (result) => {
        result.inFlightIntegralNs.add(1);
        return {};
      },
    ],
    [
      'a nanosecond in no state',
      /^attribution: request 1/,
      ({ log }) => {
        log.arrivalNs[1] -= 1;
        return {};
      },
    ],
    [
      'a nanosecond in two states',
      /^attribution: request 0/,
      ({ log }) => {
        log.spend(0, STATE.transfer, 1);
        return {};
      },
    ],
    [
      'a first token before it was scheduled',
      /^causality: request 1/,
      ({ log }) => {
        log.scheduledNs[1] = log.firstTokenNs[1] + 1;
        return {};
      },
    ],
    [
      'a gap too many',
      /^gaps: 3 counted, 2 expected/,
      ({ gaps }) => {
        gaps.add(0, 1);
        return {};
      },
    ],
    [
      'a busier replica than time allows',
      /^busy time: replica 0 of pool 0 is busy for/,
      ({ workers, durationNs }) => ({
        workers: [{ ...workers[0], busyNs: durationNs + 1 }, workers[1]],
      }),
    ],
    ['a lost pass', /^busy time: 21 passes but the replicas ran 20/, () => ({ passes: 21 })],
  ])('sees %s', (_, expected, spoil) => {
    expect(breachesAfter(spoil)).toContainEqual(expect.stringMatching(expected));
  });

  it('sees a completed request that never ran', () => {
    const breaches = breachesAfter(({ log }) => {
      log.outcome[2] = OUTCOME.completed;
      return {};
    });
    expect(breaches).toContainEqual(expect.stringMatching(/^causality: request 2/));
  });
});
