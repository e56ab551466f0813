import { describe, expect, it } from 'vitest';
import { handmadeAnswer } from '../../test/support/handmadeAnswer.ts';
import { STATES, type StateName } from '../engine/requestLog.ts';
import type { AttributionVector } from '../metrics/report.ts';
import { attributionFinding, frontierFinding } from './findings.ts';

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
