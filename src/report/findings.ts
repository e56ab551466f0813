import type { StateName } from '../engine/requestLog.ts';
import type {
  AttributionVector,
  BusiestLink,
  FaultsReport,
  Report,
  SloMetric,
  SloSpec,
  SloStatistic,
} from '../metrics/report.ts';
import type { Recommendation } from '../recommend/recommendation.ts';
import { formatCount, formatMs, formatNumber, formatPercent, formatUsd, metricLabel } from './format.ts';

/** Sentences computed from the figures: what a chart shows, said in its title. */

/** States by time, longest first, as shares of the whole; empty when no time was spent. */
export function rankedShares(vector: AttributionVector): { state: StateName; ms: number; share: number }[] {
  const entries = Object.entries(vector) as [StateName, number][];
  const total = entries.reduce((sum, [, ms]) => sum + ms, 0);
  return entries
    .filter(([, ms]) => ms > 0)
    .map(([state, ms]) => ({ state, ms, share: ms / total }))
    .sort((a, b) => b.ms - a.ms);
}

export function stateInWords(state: StateName): string {
  return state.replaceAll('_', ' ');
}

/** `Half of p99 TTFT is admission queue`. */
export function attributionFinding(latency: string, vector: AttributionVector): string {
  const [largest] = rankedShares(vector);
  if (largest === undefined) return `No request completed, so there is no ${latency} to split`;
  return `${shareInWords(largest.share)} of p99 ${latency} is ${stateInWords(largest.state)}`;
}

function shareInWords(share: number): string {
  if (share >= 0.995) return 'All';
  if (share >= 0.47 && share <= 0.53) return 'Half';
  return `${Math.round(share * 100)} %`;
}

/** What the planner did, and for what part of the peak it was paid. */
export function scalingFinding({ fleet, planner }: Report): string {
  const mean = `${formatNumber(fleet.gpus_mean)} GPUs on average, ${formatCount(fleet.gpus_peak, 'GPU')} at most`;
  if (fleet.scale_events === 0)
    return `The planner changed nothing in ${formatCount(planner?.ticks ?? 0, 'look')}: ${mean}`;
  return `The planner changed the fleet ${formatCount(fleet.scale_events, 'time')}: ${mean}`;
}

/** `node 1 NICs, out: 62 % used` */
export function busiestFinding({ name, used_ratio }: BusiestLink): string {
  return `${name}: ${formatPercent(used_ratio)} used`;
}

/** What went wrong, and what became of whom it hit. */
export function faultsFinding({ crashes, lost_attempts, retried, migrations, timed_out }: FaultsReport): string {
  const down = crashes === 0 ? 'no replica went down' : `replicas went down ${formatCount(crashes, 'time')}`;
  const late = timed_out === 0 ? '' : `, ${formatCount(timed_out, 'hand-over')} took too long`;
  if (lost_attempts === 0) return `${down}${late}`;
  const kept = migrations === 0 ? '' : `, ${formatCount(migrations, 'time')} from the tokens that were out`;
  return `${down}${late}, ${formatCount(lost_attempts, 'attempt')} lost, ${formatCount(retried, 'request')} retried${kept}`;
}

/** The verdict on the SLO as a sentence. */
export function sloFinding(report: Report, slo: SloSpec | null): string {
  if (slo === null) return 'No SLO was asked for';
  const { met, worst_slack, attained_ratio } = report.slo;
  const good = `${formatPercent(attained_ratio)} of requests are within every bound`;
  if (worst_slack === null) return good;
  if (met) return `The SLO is met with ${formatPercent(worst_slack)} to spare; ${good}`;
  const miss = -worst_slack;
  return `The SLO is missed${miss >= 100 ? ' by far' : ` by ${formatPercent(miss)}`}; ${good}`;
}

/** `p95 TTFT is 1.2 s, within the 1.5 s asked for`, on the statistic the SLO bounds, or p95 without one. */
export function latencyFinding(
  label: string,
  bounds: SloSpec[SloMetric],
  statisticOf: (statistic: SloStatistic) => number,
): string {
  const stated = Object.entries(bounds ?? {}) as [SloStatistic, number][];
  if (stated.length === 0) {
    const p95 = statisticOf('p95');
    return `p95 ${label} is ${Number.isFinite(p95) ? formatMs(p95) : 'infinite: over 5 % never completed'}; no bound was asked for`;
  }
  const sentences = stated.map(([statistic, bound]) => {
    const value = statisticOf(statistic);
    const size = Number.isFinite(value) ? formatMs(value) : 'infinite';
    return `${statistic} ${label} is ${size}, ${value <= bound ? 'within' : 'over'} the ${formatMs(bound)} asked for`;
  });
  return sentences.join('; ');
}

/** What the frontier says about the pick: the next smaller fleet fails, or the load it holds, or why there is none. */
export function frontierFinding(recommendation: Recommendation): string {
  const { pick, points, goal } = recommendation;
  const asked = goal.slo === null ? 'the constraints' : 'the SLO';
  if (pick === null) {
    if (points.length + recommendation.tried.short === 0) return 'No deployment is possible';
    const [worst] = recommendation.violations;
    const count = formatCount(points.length + recommendation.tried.short, 'simulated deployment');
    return `None of ${count} meets ${asked}${worst === undefined ? '' : `; most break ${worst.rule}`}`;
  }
  if (goal.kind === 'capacity') {
    return `${pick.shape} holds ${formatNumber(pick.load.value)}x the given load within ${asked}`;
  }
  if (goal.kind === 'load_ladder') {
    const { output_tokens_per_s_per_gpu, output_tokens_per_s_per_user } = pick.summary.throughput;
    return `${pick.shape} gives ${formatNumber(output_tokens_per_s_per_gpu)} tokens/s/GPU at ${formatNumber(output_tokens_per_s_per_user)} tokens/s/user`;
  }
  const price = `${formatCount(pick.gpus, 'GPU')} at ${formatUsd(pick.summary.cost.usd_per_hour)}/h`;
  const meet = pick.gpus === 1 ? 'meets' : 'meet';
  const fewer = points.filter((point) => point.gpus < pick.gpus);
  if (fewer.length === 0 || fewer.some((point) => point.feasible)) {
    const [objective] = goal.objectives;
    return `${price} ${meet} ${asked}${objective === undefined ? '' : `, the best found on ${metricLabel(objective.metric)}`}`;
  }
  const next = Math.max(...fewer.map((point) => point.gpus));
  return `${price} ${meet} ${asked}; ${next} ${next === 1 ? 'does' : 'do'} not`;
}

/** Peak of requests in flight and of KV use, and whether the fleet kept up. */
export function timelineFinding(
  samples: {
    readonly inFlight: readonly number[];
    readonly waiting: readonly number[];
    readonly kvUsage: readonly number[];
  },
  stability: Report['stability'],
): string {
  const peak = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);
  const kept = {
    STABLE: 'The fleet keeps up',
    BACKLOGGED: 'A backlog is left when arrivals end',
    OVERLOADED: 'The fleet is overloaded and waiting grows to the end',
  }[stability];
  const waiting = peak(samples.waiting);
  const queue = waiting === 0 ? 'none ever waits' : `up to ${formatNumber(waiting)} wait`;
  return `${kept}: at most ${formatCount(peak(samples.inFlight), 'request')} in flight, ${queue}, KV cache up to ${formatPercent(peak(samples.kvUsage))} full`;
}

/** What the formulas say that passes spend their time on; nothing where they are not timed by formulas. */
export function passTimeText({ provenance: { pass_time, constants } }: Report): string[] {
  if (pass_time === null || constants === null) return [];
  const shares = Object.entries(pass_time).filter(([, share]) => share >= 0.005);
  const unmeasured =
    constants.default < 0.005 ? '' : `; ${formatPercent(constants.default)} by constants never measured`;
  return [shares.map(([family, share]) => `${family} ${formatPercent(share)}`).join(', ') + unmeasured];
}
