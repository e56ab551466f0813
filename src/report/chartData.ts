import { NS_PER_MS, NS_PER_S } from '../base/units.ts';
import type { FleetSamples, SimulationResult } from '../cluster/simulationResult.ts';
import { e2eNs, tpotNs, ttftNs } from '../metrics/latency.ts';
import { metricValue } from '../metrics/metricNames.ts';
import { type Population, populationOf } from '../metrics/population.ts';
import { quantileOf } from '../metrics/quantile.ts';
import type { AttributionVector, PlannerReport, Report, SloSpec, SloStatistic } from '../metrics/report.ts';
import type { MeasurementWindow } from '../metrics/window.ts';
import type { Evaluated, Recommendation } from '../recommend/recommendation.ts';
import type { Workload } from '../workload/workload.ts';
import {
  attributionFinding,
  frontierFinding,
  latencyFinding,
  rankedShares,
  scalingFinding,
  stateInWords,
  timelineFinding,
} from './findings.ts';
import { formatCount, formatNumber, metricLabel } from './format.ts';

/** What the page's charts draw: plain JSON, thinned, each with the finding as its title. */

export interface FrontierMark {
  readonly x: number;
  readonly y: number;
  /** The candidate in words, shown on hover. */
  readonly label: string;
}

export interface FrontierChart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** In order of x. */
  readonly frontier: readonly FrontierMark[];
  readonly dominated: readonly FrontierMark[];
  readonly infeasible: readonly FrontierMark[];
  readonly pick: FrontierMark | null;
  readonly baseline: FrontierMark | null;
  /** What the chart leaves out; empty when nothing. */
  readonly note: string;
}

export interface CdfChart {
  readonly name: string;
  readonly title: string;
  /** Milliseconds, ascending, and the share of requests at or below. Requests that never completed keep it under 1. */
  readonly ms: readonly number[];
  readonly share: readonly number[];
  readonly bounds: readonly { readonly statistic: string; readonly ms: number; readonly share: number | null }[];
}

export interface TimelineChart {
  readonly title: string;
  readonly seconds: readonly number[];
  readonly inFlight: readonly number[];
  readonly running: readonly number[];
  readonly waiting: readonly number[];
  readonly kvUsage: readonly number[];
}

/** Replicas of all pools, load and attainment on one clock. */
export interface ScalingChart {
  readonly title: string;
  readonly endS: number;
  /** Steps: each from its second on. */
  readonly pools: readonly {
    readonly name: string;
    readonly seconds: readonly number[];
    readonly ready: readonly number[];
    /** Ready, starting and draining ones together. */
    readonly held: readonly number[];
  }[];
  /** Middles of windows; requests per second, and the share of them within every bound (null: nobody arrived). */
  readonly windows: readonly { readonly second: number; readonly perS: number; readonly attained: number | null }[];
}

export interface AttributionChart {
  readonly title: string;
  readonly groups: readonly {
    readonly label: string;
    readonly parts: readonly { readonly state: string; readonly ms: number }[];
  }[];
}

/** One run in full, as the charts need it. */
export interface RunDetail {
  readonly report: Report;
  readonly result: SimulationResult;
  readonly workload: Workload;
  readonly slo: SloSpec | null;
  readonly window: MeasurementWindow;
}

const CDF_POINTS = 200;
const TIMELINE_POINTS = 400;
/** Points of one kind beyond this are thinned: a page should stay small. */
const CLOUD_POINTS = 1500;
const SLO_QUANTILES: Readonly<Record<SloStatistic, number | null>> = {
  mean: null,
  p50: 0.5,
  p75: 0.75,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99,
  max: 1,
};

export interface RunCharts {
  readonly latency: readonly CdfChart[];
  readonly timeline: TimelineChart | null;
  readonly scaling: ScalingChart | null;
  readonly attribution: readonly AttributionChart[];
}

/** Latency CDFs, the fleet over time and where the time went, of one run. */
export function chartsOf(detail: RunDetail): RunCharts {
  const { result, report, window } = detail;
  const { samples } = result;
  return {
    latency: cdfCharts(detail, populationOf(result, window)),
    timeline: samples === null || samples.timeNs.length < 2 ? null : timelineChart(samples, report.stability),
    scaling: report.planner === undefined ? null : scalingChart(report.planner, report),
    attribution: [
      attributionChart('TTFT', report.attribution.ttft),
      attributionChart('E2E latency', report.attribution.e2e),
    ],
  };
}

function cdfCharts({ result, workload, slo }: RunDetail, { measured, completed }: Population): CdfChart[] {
  const { log } = result;
  const lost = measured.length - completed.length;
  const paced = completed.filter((request) => workload.outputTokens[request] >= 2);
  const values = (requests: Int32Array, valueNs: (request: number) => number): Float64Array =>
    Float64Array.from([...requests].map(valueNs))
      .map((ns) => ns / NS_PER_MS)
      .sort();
  return [
    cdfChart(
      'TTFT',
      values(completed, (request) => ttftNs(log, request)),
      lost,
      slo?.ttft_ms,
    ),
    cdfChart(
      'TPOT',
      values(paced, (request) => tpotNs(log, request, workload.outputTokens[request])),
      lost,
      slo?.tpot_ms,
    ),
    cdfChart(
      'E2E latency',
      values(completed, (request) => e2eNs(log, request)),
      lost,
      slo?.e2e_ms,
    ),
  ].filter((chart) => chart.ms.length > 0);
}

/** Quantiles at equal steps of share, of `sorted` and `lost` infinite values. */
function cdfChart(name: string, sorted: Float64Array, lost: number, bounds: SloSpec['ttft_ms']): CdfChart {
  const total = sorted.length + lost;
  const steps = Math.min(CDF_POINTS, sorted.length);
  const ranks = Array.from({ length: steps }, (_, step) => Math.ceil(((step + 1) * sorted.length) / steps));
  const withLost = Float64Array.from({ length: total }, (_, index) => sorted[index] ?? Number.POSITIVE_INFINITY);
  const statisticOf = (statistic: SloStatistic): number => {
    const quantile = SLO_QUANTILES[statistic];
    return quantile === null ? withLost.reduce((sum, ms) => sum + ms, 0) / total : quantileOf(withLost, quantile);
  };
  return {
    name,
    title: latencyFinding(name, bounds, statisticOf),
    ms: ranks.map((rank) => sorted[rank - 1]),
    share: ranks.map((rank) => rank / total),
    bounds: Object.entries(bounds ?? {}).map(([statistic, ms]) => ({
      statistic,
      ms,
      share: SLO_QUANTILES[statistic as SloStatistic],
    })),
  };
}

function timelineChart(samples: FleetSamples, stability: Report['stability']): TimelineChart {
  const stride = Math.ceil(samples.timeNs.length / TIMELINE_POINTS);
  const thin = (values: readonly number[]): number[] => values.filter((_, index) => index % stride === 0);
  return {
    title: timelineFinding(samples, stability),
    seconds: thin(samples.timeNs).map((ns) => ns / NS_PER_S),
    inFlight: thin(samples.inFlight),
    running: thin(samples.running),
    waiting: thin(samples.waiting),
    kvUsage: thin(samples.kvUsage),
  };
}

function scalingChart(planner: PlannerReport, report: Report): ScalingChart {
  const { replicas, windows } = planner;
  const endS = report.duration_ms / 1000;
  const names = [...new Set(replicas.map(({ pool }) => pool))];
  const lengthS = windows.length < 2 ? endS : windows[1].from_s - windows[0].from_s;
  return {
    title: scalingFinding(report),
    endS,
    pools: names.map((name) => {
      const counts = lastOfEachMoment(replicas.filter(({ pool }) => pool === name));
      return {
        name,
        seconds: counts.map(({ time_s }) => time_s),
        ready: counts.map(({ ready }) => ready),
        held: counts.map(({ starting, ready, draining, down }) => starting + ready + draining + down),
      };
    }),
    windows: windows.map(({ from_s, requests, attained_ratio }) => ({
      second: from_s + lengthS / 2,
      perS: requests / lengthS,
      attained: attained_ratio,
    })),
  };
}

/** What changes several times at once is drawn once. */
function lastOfEachMoment<T extends { readonly time_s: number }>(counts: readonly T[]): T[] {
  return counts.filter(({ time_s }, index) => counts[index + 1]?.time_s !== time_s);
}

function attributionChart(
  latency: string,
  vectors: { readonly mean: AttributionVector; readonly p99_cohort: AttributionVector },
): AttributionChart {
  const parts = (vector: AttributionVector): { state: string; ms: number }[] =>
    rankedShares(vector).map(({ state, ms }) => ({ state: stateInWords(state), ms }));
  return {
    title: attributionFinding(latency, vectors.p99_cohort),
    groups: [
      { label: `mean ${latency}`, parts: parts(vectors.mean) },
      { label: `p99 ${latency}`, parts: parts(vectors.p99_cohort) },
    ],
  };
}

/** Every simulated candidate on the axes of the first two objectives; null without objectives or points. */
export function frontierChart(recommendation: Recommendation): FrontierChart | null {
  const { points, pick, baseline, goal } = recommendation;
  const metrics = goal.objectives.slice(0, 2).map(({ metric }) => metric);
  if (metrics.length === 0 || points.length === 0) return null;
  const place = (objectives: readonly number[], gpus: number, label: string): FrontierMark =>
    objectives.length < 2 ? { x: gpus, y: objectives[0], label } : { x: objectives[0], y: objectives[1], label };
  const marks = points
    .map((point) => ({ ...point, mark: place(point.objectives, point.gpus, pointLabel(point, goal.kind)) }))
    .filter(({ mark }) => Number.isFinite(mark.x) && Number.isFinite(mark.y));
  const evaluated = (candidate: Evaluated | null): FrontierMark | null => {
    if (candidate === null) return null;
    const values = metrics.map((metric) => metricValue(candidate.summary, metric));
    return values.every(Number.isFinite)
      ? place(values, candidate.gpus, `${candidate.shape}, ${formatCount(candidate.gpus, 'GPU')}`)
      : null;
  };
  const groups = {
    frontier: marks
      .filter((point) => point.on_frontier)
      .map(({ mark }) => mark)
      .sort((a, b) => a.x - b.x),
    dominated: marks.filter((point) => point.feasible && !point.on_frontier).map(({ mark }) => mark),
    infeasible: marks.filter((point) => !point.feasible && !point.on_frontier).map(({ mark }) => mark),
  };
  const dominated = thinned(groups.dominated);
  const infeasible = thinned(groups.infeasible);
  const hidden = points.length - groups.frontier.length - dominated.length - infeasible.length;
  return {
    title: frontierFinding(recommendation),
    xLabel: metricLabel(metrics.length < 2 ? 'GPUs' : metrics[0]),
    yLabel: metricLabel(metrics[metrics.length - 1]),
    frontier: groups.frontier,
    dominated,
    infeasible,
    pick: evaluated(pick),
    baseline: evaluated(baseline),
    note: hidden === 0 ? '' : `${formatCount(hidden, 'candidate')} without a value here or thinned out.`,
  };
}

function pointLabel(point: Recommendation['points'][number], kind: Recommendation['goal']['kind']): string {
  const load = kind === 'given_load' ? '' : `, load ${formatNumber(point.load)}`;
  return `${point.shape}, ${formatCount(point.gpus, 'GPU')}${load}`;
}

function thinned<T>(marks: readonly T[]): T[] {
  const stride = Math.ceil(marks.length / CLOUD_POINTS);
  return marks.filter((_, index) => index % stride === 0);
}
