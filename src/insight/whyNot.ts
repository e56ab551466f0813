import type { PredictConfig } from '../config/predictConfig.ts';
import { metricDirection, metricWords } from '../metrics/metricNames.ts';
import type { Report } from '../metrics/report.ts';
import { type Effect, effectOf, relativeChange } from './sensitivity.ts';

/** The user's other idea, on the same workload. Changes run from the explained deployment to it. */
export interface WhyNot extends Effect {
  readonly config: PredictConfig;
  /** More (or, negative, less) than the explained deployment. */
  readonly usd_per_month_more: number;
  /** State of a request's time that differs most, and by how many milliseconds of the mean. */
  readonly component: { readonly state: string; readonly ms_more: number };
  readonly sentence: string;
}

export function whyNot(config: PredictConfig, other: Report, base: Report, metrics: readonly string[]): WhyNot {
  const effect = effectOf('why not', base, other, metrics);
  const usd = other.cost.usd_per_month - base.cost.usd_per_month;
  const component = largestDifference(base, other);
  return {
    ...effect,
    config,
    usd_per_month_more: usd,
    component,
    sentence: sentenceOf(base, other, usd, component, metrics),
  };
}

function largestDifference(base: Report, other: Report): WhyNot['component'] {
  const states = Object.keys(base.attribution.e2e.mean) as (keyof Report['attribution']['e2e']['mean'])[];
  const [most] = states
    .map((state) => ({
      state: state as string,
      ms_more: other.attribution.e2e.mean[state] - base.attribution.e2e.mean[state],
    }))
    .sort((a, b) => Math.abs(b.ms_more) - Math.abs(a.ms_more));
  return most;
}

function sentenceOf(
  base: Report,
  other: Report,
  usd: number,
  { state, ms_more }: WhyNot['component'],
  metrics: readonly string[],
): string {
  const better: string[] = [];
  const worse: string[] = [];
  for (const metric of metrics) {
    const change = relativeChange(metric, base, other);
    if (change === null || Math.abs(change) < 0.005) continue;
    const words = `${metricWords(metric)} by ${(Math.abs(change) * 100).toFixed(0)} %`;
    ((metricDirection(metric) === 'minimize') === change < 0 ? better : worse).push(words);
  }
  const verdict =
    worse.length === 0
      ? better.length === 0
        ? 'It is as good'
        : `It is better: ${better.join(', ')}`
      : `It is worse in ${worse.join(', ')}${better.length === 0 ? '' : ` and better in ${better.join(', ')}`}`;
  const price =
    usd === 0 ? 'at the same price' : `for $${Math.abs(usd).toFixed(0)} a month ${usd > 0 ? 'more' : 'less'}`;
  const slo =
    base.slo.worst_slack === null || base.slo.met === other.slo.met
      ? ''
      : other.slo.met
        ? '; it meets the SLO, which this one misses'
        : '; it misses the SLO, which this one meets';
  const where =
    Math.abs(ms_more) < 1
      ? ''
      : ` Most of the difference in a request's time is ${state.replaceAll('_', ' ')}: ${Math.abs(ms_more).toFixed(0)} ms ${ms_more > 0 ? 'more' : 'less'} on average.`;
  return `${verdict}, ${price}${slo}.${where}`;
}
