import { describe, expect, it } from 'vitest';
import { at, facts, pool } from '../../test/support/observations.ts';
import { hpaPolicy } from './hpa.ts';
import type { HpaRate, HpaRules } from './policySpec.ts';

const FREE: HpaRules = { stabilizationS: 0, rates: [], select: 'max' };

const pods = (value: number): HpaRate => ({ type: 'pods', value, periodS: 60 });
const percent = (value: number): HpaRate => ({ type: 'percent', value, periodS: 60 });
const many = (replicas: number, running: number) => pool(new Array(replicas).fill({ running }));

/** Told to go as far as it may, after another decision 30 s before. */
function limit(
  direction: 'up' | 'down',
  current: number,
  rates: readonly HpaRate[],
  select: HpaRules['select'] = 'max',
  before = current,
): number {
  const policy = hpaPolicy([facts()], {
    kind: 'hpa',
    targets: [{ metric: 'requests', value: 10 }],
    tolerance: 0,
    up: direction === 'up' ? { ...FREE, rates, select } : FREE,
    down: direction === 'down' ? { ...FREE, rates, select } : FREE,
  });
  expect(policy.decide(at(30, [many(before, (10 * current) / before)])).replicas[0]).toBe(current);
  return policy.decide(at(60, [many(current, direction === 'up' ? 1e6 : 0)])).replicas[0];
}

/**
 * The cases of TestCalculateScaleUpLimitWithScalingRules and TestCalculateScaleDownLimitWithBehaviors, with which Karmada tests the
 * functions that its federated autoscaler has from Kubernetes' pkg/controller/podautoscaler/horizontal.go.
 */
describe('the limits of the HPA, as upstream tests have them', () => {
  it.each([
    ['no previous event', 9, () => limit('up', 5, [pods(4)])],
    // Two of the four were added in this period.
    ['two added before', 7, () => limit('up', 5, [pods(4)], 'max', 3)],
    ['disabled', 5, () => limit('up', 5, [pods(4)], 'disabled')],
    ['the smaller change', 7, () => limit('up', 5, [pods(4), pods(2)], 'min')],
    ['per cent', 15, () => limit('up', 10, [percent(50)])],
  ])('up: %s, %i', (_, expected, decide) => {
    expect(decide()).toBe(expected);
  });

  it.each([
    ['no previous event', 8, () => limit('down', 10, [percent(20)])],
    // 11 at the beginning of the period: 8.8, cut to 8.
    ['one removed before', 8, () => limit('down', 10, [percent(20)], 'max', 11)],
    ['the larger change', 90, () => limit('down', 100, [percent(10), pods(5)])],
    ['disabled', 10, () => limit('down', 10, [percent(20)], 'disabled')],
    ['the smaller change', 90, () => limit('down', 100, [percent(10), pods(15)], 'min')],
  ])('down: %s, %i', (_, expected, decide) => {
    expect(decide()).toBe(expected);
  });
});
