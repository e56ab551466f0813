import type { PredictConfig } from '../config/predictConfig.ts';
import { type CacheCeilings, ceilingsSentence } from '../metrics/eviction.ts';
import type { BoundShares, Report } from '../metrics/report.ts';
import { type Interval, intervalsOf } from './confidence.ts';
import { type Coupling, couplingsOf, isStrong } from './coupling.ts';
import type { Laboratory } from './laboratory.ts';
import { marginalValues } from './marginal.ts';
import { type Effect, effectOf, tryMoves } from './sensitivity.ts';
import { sturdinessOf, sturdinessSentence } from './sturdiness.ts';
import { type WhyNot, whyNot } from './whyNot.ts';

/** `explanation.json`: what holds a deployment where it is. Snake case, plain data. */
export interface Explanation {
  readonly schema_version: 1;
  readonly config_hash: string;
  readonly summary: Report;
  /** What the figures below are changes of; the first is what couplings are measured in. */
  readonly metrics: readonly string[];
  readonly intervals: Readonly<Record<string, Interval>>;
  readonly binds: readonly string[];
  /** How much of the prompts could have been found cached; null where that cannot be told. */
  readonly cache: readonly CacheCeilings[];
  /** Each knob a notch up and down. */
  readonly sensitivities: readonly Effect[];
  readonly couplings: readonly Coupling[];
  readonly marginal: readonly Effect[];
  readonly sturdiness: { readonly cases: readonly Effect[]; readonly sentence: string | null };
  readonly why_not: WhyNot | null;
  readonly effort: { readonly simulations: number; readonly passes: number; readonly truncated: boolean };
}

const METRICS = [
  'p95_e2e_ms',
  'p95_ttft_ms',
  'p95_tpot_ms',
  'output_tokens_per_s_per_gpu',
  'usd_per_million_output_tokens',
] as const;

/**
 * @param other the configuration asked about with `--why-not`, on the same traffic.
 * @param cache of a run of `config`.
 * @param goal metrics to look at before the usual ones.
 * @returns null when `config` cannot exist.
 */
export function explain(
  laboratory: Laboratory,
  config: PredictConfig,
  other: PredictConfig | null,
  cache: readonly CacheCeilings[],
  goal: readonly string[] = [],
): Explanation | null {
  const metrics = [...new Set([...goal, ...METRICS])].slice(0, METRICS.length);
  const summary = laboratory.report(config);
  if (summary === null) return null;
  const tried = tryMoves(laboratory, config);
  const couplings = couplingsOf(laboratory, config, summary, tried, metrics[0]);
  const cases = sturdinessOf(laboratory, config, metrics);
  const asked = other === null ? null : laboratory.report(other);
  const marginal = marginalValues(laboratory, config, metrics);
  const intervals = intervalsOf(laboratory, config, metrics);
  return {
    schema_version: 1,
    config_hash: summary.config_hash,
    summary,
    metrics,
    intervals,
    binds: [...bindsOf(summary), ...cache.map((each) => ceilingsSentence(each, summary.cache.reused_ratio))],
    cache,
    sensitivities: tried.map(({ move, report }) => effectOf(move.label, summary, report, metrics)),
    couplings: couplings.filter(isStrong),
    marginal,
    sturdiness: { cases, sentence: sturdinessSentence(cases, summary.slo.met) },
    why_not: asked === null ? null : whyNot(other!, asked, summary, metrics),
    effort: laboratory.effort,
  };
}

function bindsOf({ bound, attribution }: Report): string[] {
  const sentences: string[] = [];
  for (const phase of ['prefill', 'decode'] as const) {
    const [name, share] = largest(bound[phase] as BoundShares);
    if (share > 0)
      sentences.push(
        `Passes ${phase === 'prefill' ? 'with' : 'without'} prompt tokens are bound by ${name} (${(share * 100).toFixed(0)} % of their time).`,
      );
  }
  for (const latency of ['ttft', 'e2e'] as const) {
    const vector = attribution[latency].p99_cohort;
    const total = Object.values(vector).reduce((sum, ms) => sum + ms, 0);
    const [state, ms] = largest(vector);
    if (total > 0)
      sentences.push(
        `The slowest hundredth spends ${((100 * ms) / total).toFixed(0)} % of its ${latency === 'ttft' ? 'time to first token' : 'end-to-end time'} in ${state.replaceAll('_', ' ')}.`,
      );
  }
  return sentences;
}

function largest(shares: object): [string, number] {
  return (Object.entries(shares) as [string, number][]).reduce((best, entry) => (entry[1] > best[1] ? entry : best));
}
