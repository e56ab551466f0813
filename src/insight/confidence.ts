import type { PredictConfig } from '../config/predictConfig.ts';
import { metricValue } from '../metrics/metricNames.ts';
import { keptRequests } from '../workload/keptRequests.ts';
import type { Workload } from '../workload/workload.ts';
import type { Laboratory } from './laboratory.ts';

type Range = readonly [low: number, high: number];

/** A figure, and how wrong it may be for two reasons that have nothing to do with each other. */
export interface Interval {
  readonly value: number;
  /** 95 %, over other requests of the same kind; null for workloads too small to cut up. */
  readonly requests: Range | null;
  /** Where 80 % of real servers are expected, by the errors of the timing where it was measured; null where nothing says. */
  readonly timing: Range | null;
}

/**
 * The metrics as they are, with the effect of other requests and that of the timing's error, each by simulating anew.
 */
export function intervalsOf(
  laboratory: Laboratory,
  config: PredictConfig,
  metrics: readonly string[],
): Readonly<Record<string, Interval>> {
  const base = laboratory.report(config)!;
  const requests = requestRanges(laboratory, config, metrics);
  const timing = laboratory.timingRanges(config);
  return Object.fromEntries(
    metrics.map((metric) => [
      metric,
      {
        value: metricValue(base, metric),
        requests: requests?.[metric] ?? null,
        timing: timing?.[metric] ?? null,
      },
    ]),
  );
}

const BLOCKS = 12;
/** Of Student's t with 11 degrees of freedom, both sides 5 %. */
const QUANTILE = 2.201;

/**
 * 95 % intervals by the delete-a-block jackknife (Kunsch, 1989): sessions in `BLOCKS` stretches of arrival order, each
 * left out in turn, its time closed up, the rest simulated anew. They say how much the figures owe to the particular
 * requests of this workload. null for workloads too small to cut up.
 */
function requestRanges(
  laboratory: Laboratory,
  config: PredictConfig,
  metrics: readonly string[],
): Readonly<Record<string, Range>> | null {
  const base = laboratory.report(config)!;
  const { count } = laboratory.workloadOf(config);
  if (count < 10 * BLOCKS) return null;
  const reports = Array.from({ length: BLOCKS }, (_, block) =>
    laboratory.report(config, { name: `without block ${block}`, workload: (whole) => withoutBlock(whole, block) }),
  );
  if (reports.some((report) => report === null)) return null;
  return Object.fromEntries(
    metrics.map((metric) => {
      const value = metricValue(base, metric);
      const values = reports.map((report) => metricValue(report!, metric));
      const mean = values.reduce((sum, each) => sum + each, 0) / BLOCKS;
      const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
      const half = QUANTILE * Math.sqrt(((BLOCKS - 1) / BLOCKS) * squares);
      return [metric, [Math.max(0, value - half), value + half]];
    }),
  );
}

/** The workload without the sessions that begin in one of the blocks. */
export function withoutBlock(workload: Workload, block: number): Workload {
  const { count, isFollowUp, nextTurn, arrivalNs } = workload;
  const firsts: number[] = [];
  for (let request = 0; request < count; request++) if (isFollowUp[request] === 0) firsts.push(request);
  const from = Math.floor((firsts.length * block) / BLOCKS);
  const to = Math.floor((firsts.length * (block + 1)) / BLOCKS);
  const isOut = new Uint8Array(count);
  for (const first of firsts.slice(from, to)) {
    for (let turn = first; turn >= 0; turn = nextTurn[turn]) isOut[turn] = 1;
  }
  const startNs = firsts[from] === undefined ? 0 : arrivalNs[firsts[from]];
  const endNs = firsts[to] === undefined ? startNs : arrivalNs[firsts[to]];
  return keptRequests(
    workload,
    (request) => isOut[request] === 0,
    (request) => (arrivalNs[request] >= endNs && firsts[to] !== undefined ? endNs - startNs : 0),
  );
}
