/** Sentences that say why the pick is the pick. Figures come from the reports, never from the search. */
import { metricValue } from '../metrics/metricNames.ts';
import type { Report } from '../metrics/report.ts';
import { statedBounds } from './constraints.ts';
import { shapeKey } from './deployment.ts';
import type { Evaluated, Goal, ViolationCount } from './recommendation.ts';
import type { RefusalCounts } from './refusal.ts';

export interface WhyInput {
  readonly goal: Goal;
  readonly pick: Evaluated | null;
  readonly runnerUp: Evaluated | null;
  readonly baseline: Evaluated | null;
  /** The pick held the heaviest load tried: its limit is higher. */
  readonly limitless: boolean;
  readonly evaluated: readonly Evaluated[];
  readonly violations: readonly ViolationCount[];
  readonly refusals: readonly RefusalCounts[];
  readonly simulated: number;
}

export function whyOf(input: WhyInput): string[] {
  const { pick } = input;
  if (pick === null) return noPick(input);
  return [
    sloSentence(pick, input.goal),
    input.limitless
      ? 'It holds even the heaviest load tried: the workload is too short or too light to find its limit.'
      : '',
    ...(input.runnerUp === null ? [] : [beats(pick, input.runnerUp, 'the runner-up', input.goal)]),
    ...(input.baseline === null ? [] : [beats(pick, input.baseline, 'the baseline', input.goal)]),
    ...smallerSentence(pick, input),
    bindingSentence(pick.summary),
    waitingSentence(pick.summary),
  ].filter((sentence) => sentence !== '');
}

function noPick({ violations, refusals, simulated, evaluated, goal }: WhyInput): string[] {
  if (simulated === 0) {
    const [most] = refusals;
    const reason = most === undefined ? 'the space is empty' : `${most.candidates} are refused because: ${most.reason}`;
    return [`No candidate could be simulated; ${reason}.`];
  }
  const [kills] = violations;
  const sentences =
    kills === undefined
      ? []
      : [`${kills.rule} kills most: ${kills.candidates} of ${simulated} simulated candidates break it.`];
  const nearest = [...evaluated].sort((a, b) => (b.summary.slo.worst_slack ?? 0) - (a.summary.slo.worst_slack ?? 0))[0];
  if (nearest === undefined) return sentences;
  const values = statedBounds(goal.slo)
    .map(({ metric, statistic }) => `${statistic}_${metric}`)
    .map((name) => `${name} ${figure(metricValue(nearest.summary, name))}`);
  const missed = values.length === 0 ? nearest.violations.join(', ') : values.join(', ');
  return [...sentences, `The nearest is ${nearest.shape} with ${missed}.`];
}

/** How each bound is met, the tightest first. */
function sloSentence({ summary }: Evaluated, goal: Goal): string {
  const met = statedBounds(goal.slo)
    .map(({ metric, statistic, bound }) => {
      const name = `${statistic}_${metric}`;
      const value = metricValue(summary, name);
      return { name, value, bound, slack: (bound - value) / bound };
    })
    .sort((a, b) => a.slack - b.slack)
    .map(({ name, value, bound, slack }) => `${name} is ${figure(value)} of ${bound} (${percent(slack)} slack)`);
  return met.length === 0 ? '' : `It meets the SLO: ${met.join('; ')}.`;
}

function beats(pick: Evaluated, other: Evaluated, name: string, goal: Goal): string {
  const parts = goal.objectives.map(({ metric, direction }) => {
    const mine = metricValue(pick.summary, metric);
    const theirs = metricValue(other.summary, metric);
    if (mine === theirs) return `the same ${metric}`;
    const change = (mine - theirs) / theirs;
    if (!Number.isFinite(change)) return `${metric} ${figure(mine)} against ${figure(theirs)}`;
    const better = (direction === 'minimize') === change < 0;
    return `${percent(Math.abs(change))} ${change < 0 ? 'less' : 'more'} ${metric}${better ? '' : ' (worse)'}`;
  });
  const fails = other.feasible ? '' : `, which misses ${other.violations.join(' and ')}`;
  return `Against ${name}, ${other.shape}${fails}: ${parts.join(', ')}.`;
}

/** The largest smaller deployment of the same shape, and what it lacks. */
function smallerSentence(pick: Evaluated, { evaluated }: WhyInput): string[] {
  const shape = shapeKey(pick.config);
  const smaller = evaluated
    .filter(({ config, gpus, feasible }) => !feasible && gpus < pick.gpus && shapeKey(config) === shape)
    .sort((a, b) => b.gpus - a.gpus)[0];
  return smaller === undefined
    ? []
    : [`With ${smaller.gpus} GPUs instead of ${pick.gpus} it misses ${smaller.violations.join(' and ')}.`];
}

function bindingSentence({ bound, engine, attribution }: Report): string {
  const decode = largest(bound.decode);
  const prefill = largest(bound.prefill);
  if (decode === null && prefill === null) return '';
  const parts = [
    ...(prefill === null ? [] : [`prefill passes are bound by ${prefill.name} (${percent(prefill.share)})`]),
    ...(decode === null ? [] : [`decode passes by ${decode.name} (${percent(decode.share)})`]),
  ];
  const preempted =
    engine.preemptions === 0 || attribution.e2e.mean.preemption === 0 ? '' : `; ${engine.preemptions} preemptions`;
  return `${parts.join(', ').replace(/^./, (letter) => letter.toUpperCase())}${preempted}.`;
}

function waitingSentence({ attribution }: Report): string {
  const ttft = largest(attribution.ttft.p99_cohort);
  return ttft === null
    ? ''
    : `The slowest first tokens spend ${percent(ttft.share)} of their time in ${ttft.name.replaceAll('_', ' ')}.`;
}

function largest(parts: object): { name: string; share: number } | null {
  const entries = Object.entries(parts) as [string, number][];
  const total = entries.reduce((sum, [, value]) => sum + value, 0);
  if (total === 0) return null;
  const [name, value] = entries.reduce((best, entry) => (entry[1] > best[1] ? entry : best));
  return { name, share: value / total };
}

function figure(value: number): string {
  if (!Number.isFinite(value)) return 'infinite';
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
