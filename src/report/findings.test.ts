import { describe, expect, it } from 'vitest';
import { handmadeAnswer } from '../../test/support/handmadeAnswer.ts';
import { STATES, type StateName } from '../engine/requestLog.ts';
import type { AttributionVector } from '../metrics/report.ts';
import { attributionFinding, faultsFinding, frontierFinding } from './findings.ts';

function vector(parts: Partial<Record<StateName, number>>): AttributionVector {
  return Object.fromEntries(STATES.map((state) => [state, parts[state] ?? 0])) as AttributionVector;
}

describe('attributionFinding', () => {
  it.each([
    [{ admission_queue: 50, prefill: 49 }, 'Half of p99 TTFT is admission queue'],
    [{ admission_queue: 20, prefill: 60 }, '75 % of p99 TTFT is prefill'],
    [{ prefill: 60 }, 'All of p99 TTFT is prefill'],
    [{}, 'No request completed, so there is no TTFT to split'],
  ])('%j', (parts, expected) => {
    expect(attributionFinding('TTFT', vector(parts))).toBe(expected);
  });
});

describe('faultsFinding', () => {
  const none = { crashes: 0, lost_attempts: 0, retried: 0, migrations: 0, timed_out: 0 };
  it.each([
    [none, 'no replica went down'],
    [
      { ...none, crashes: 2, lost_attempts: 5, retried: 4 },
      'replicas went down 2 times, 5 attempts lost, 4 requests retried',
    ],
    [
      { ...none, crashes: 1, lost_attempts: 1, retried: 1, migrations: 1 },
      'replicas went down 1 time, 1 attempt lost, 1 request retried, 1 time from the tokens that were out',
    ],
    [
      { ...none, lost_attempts: 3, retried: 3, timed_out: 3 },
      'no replica went down, 3 hand-overs took too long, 3 attempts lost, 3 requests retried',
    ],
  ])('%j', (faults, expected) => {
    expect(faultsFinding(faults)).toBe(expected);
  });
});

describe('frontierFinding', () => {
  it('claims that fewer GPUs fail only when all that were tried do', () => {
    const answer = handmadeAnswer();
    expect(frontierFinding(answer)).toBe('8 GPUs at $29.44/h meet the SLO; 7 do not');
    const lucky = answer.points.map((point) => (point.gpus === 3 ? { ...point, feasible: true } : point));
    expect(frontierFinding({ ...answer, points: lucky })).toBe(
      '8 GPUs at $29.44/h meet the SLO, the best found on cost (USD/h)',
    );
  });
});
