/** Sentences that say why the pick is the pick. Figures come from the reports, never from the search. */

import type { PredictConfig } from '../config/predictConfig.ts';
import { metricValue } from '../metrics/metricNames.ts';
import type { Report } from '../metrics/report.ts';
import { sharedBounds } from './constraints.ts';
import { poolsOf } from './deployment.ts';
import { objectiveValues } from './pick.ts';
import type { Evaluated, FailureCount, Goal, ViolationCount } from './recommendation.ts';
import type { RefusalCounts } from './refusal.ts';

/** A candidate whose simulation was stopped: it cannot meet `lostBound`. */
export interface CutShort {
  readonly config: PredictConfig;
  readonly gpus: number;
  readonly lostBound: string;
}

export interface WhyInput {
  readonly goal: Goal;
  readonly pick: Evaluated | null;
  readonly runnerUp: Evaluated | null;
  readonly baseline: Evaluated | null;
  /** The pick held the heaviest load tried: its limit is higher. */
  readonly limitless: boolean;
  readonly frontier: readonly Evaluated[];
  readonly evaluated: readonly Evaluated[];
  readonly short: readonly CutShort[];
  readonly violations: readonly ViolationCount[];
  readonly refusals: readonly RefusalCounts[];
  readonly failures: readonly FailureCount[];
}

export function whyOf(input: WhyInput): string[] {
  const { pick } = input;
  if (pick === null) return noPick(input);
  return [
    sloSentence(pick, input.goal),
    input.limitless
      ? 'It holds even the heaviest load tried: the workload is too short or too light to find its limit.'
      : '',
    ...offFrontierSentence(pick, input),
    ...(input.runnerUp === null ? [] : [beats(pick, input.runnerUp, 'the runner-up', input.goal)]),
    ...(input.baseline === null ? [] : [beats(pick, input.baseline, 'the baseline', input.goal)]),
    ...smallerSentence(pick, input),
    bindingSentence(pick.summary),
    waitingSentence(pick.summary),
  ].filter((sentence) => sentence !== '');
}

function noPick({ violations, refusals, failures, evaluated, short, goal }: WhyInput): string[] {
  const simulated = evaluated.length + short.length;
  if (simulated === 0) {
    const [failed] = failures;
    if (failed !== undefined) return [`No simulation succeeded; ${failed.candidates} failed with: ${failed.message}`];
    const [most] = refusals;
    const reason = most === undefined ? 'the space is empty' : `${most.candidates} are refused because: ${most.reason}`;
    return [`No candidate was simulated; ${reason}.`];
  }
  const [kills] = violations;
  const sentences =
    kills === undefined
      ? []
      : [`${kills.rule} kills most: ${kills.candidates} of ${simulated} simulated candidates break it.`];
  const nearest = [...evaluated].sort((a, b) => (b.summary.slo.worst_slack ?? 0) - (a.summary.slo.worst_slack ?? 0))[0];
  if (nearest === undefined) return sentences;
  const values = sharedBounds(goal.slo)
    .map(({ metric, statistic }) => `${statistic}_${metric}`)
    .map((name) => `${name} ${figure(metricValue(nearest.summary, name))}`);
  const missed = values.length === 0 ? nearest.violations.join(', ') : values.join(', ');
  return [...sentences, `The nearest is ${nearest.shape} with ${missed}.`];
}

/** How each bound is met, the tightest first. */
function sloSentence({ summary }: Evaluated, goal: Goal): string {
  const met = sharedBounds(goal.slo)
    .map(({ metric, statistic, bound }) => {
      const name = `${statistic}_${metric}`;
      const value = metricValue(summary, name);
      return { name, value, bound, slack: (bound - value) / bound };
    })
    .sort((a, b) => a.slack - b.slack)
    .map(({ name, value, bound, slack }) => `${name} is ${figure(value)} of ${bound} (${percent(slack)} slack)`);
  const { submitted, completed } = summary.requests;
  const unserved = submitted - completed;
  const apart =
    unserved === 0 ? '' : `; ${unserved} of ${submitted} requests were not served and count as infinitely late`;
  return met.length === 0 ? '' : `It meets the SLO: ${met.join('; ')}${apart}.`;
}

/** Candidates as good in the first objective are told apart by slack, so the pick may be worse in the others. */
function offFrontierSentence(pick: Evaluated, { frontier, goal }: WhyInput): string[] {
  const [best] = frontier;
  if (best === undefined || frontier.some(({ id }) => id === pick.id)) return [];
  const [first] = goal.objectives;
  const [mine, theirs] = [pick.summary.slo.worst_slack, best.summary.slo.worst_slack];
  if (objectiveValues(pick, [first])[0] !== objectiveValues(best, [first])[0]) return [];
  const reason =
    mine !== theirs && mine !== null && theirs !== null
      ? `more slack to the SLO (${percent(mine)} against ${percent(theirs)})`
      : `fewer GPUs (${pick.gpus} against ${best.gpus})`;
  return [`It is not on the frontier: ${best.shape} has the same ${first.metric}; the pick has ${reason}.`];
}

function beats(pick: Evaluated, other: Evaluated, name: string, goal: Goal): string {
  if (other.id === pick.id) return `${name.replace(/^./, (letter) => letter.toUpperCase())} is the pick itself.`;
  const parts = goal.objectives.map(({ metric, direction }) => {
    const mine = metricValue(pick.summary, metric);
    const theirs = metricValue(other.summary, metric);
    if (mine === theirs) return `the same ${metric}`;
    const change = (mine - theirs) / theirs;
    if (!Number.isFinite(change)) return `${metric} ${figure(mine)} against ${figure(theirs)}`;
    const better = (direction === 'minimize') === change < 0;
    const size = Math.abs(change) < 0.0005 ? 'under 0.1 %' : percent(Math.abs(change));
    return `${size} ${change < 0 ? 'less' : 'more'} ${metric}${better ? '' : ' (worse)'}`;
  });
  const fails = other.feasible ? '' : `, which misses ${other.violations.join(' and ')}`;
  return `Against ${name}, ${other.shape}${fails}: ${parts.join(', ')}.`;
}

/** The same deployment with the next fewer replicas that were tried, and what it lacks. */
function smallerSentence(pick: Evaluated, { evaluated, short }: WhyInput): string[] {
  const [next] = [
    ...evaluated.map(({ config, gpus, violations }) => ({ config, gpus, violations })),
    ...short.map(({ config, gpus, lostBound }) => ({ config, gpus, violations: [lostBound] })),
  ]
    .filter(({ config, gpus }) => gpus < pick.gpus && isFewerOf(config, pick.config))
    .sort((a, b) => b.gpus - a.gpus);
  if (next === undefined || next.violations.length === 0) return [];
  return [`With ${next.gpus} GPUs instead of ${pick.gpus} it misses ${next.violations.join(' and ')}.`];
}

/** Whether two configurations differ in numbers of replicas only; a single one leaves nothing to route. */
function isFewerOf(config: PredictConfig, other: PredictConfig): boolean {
  const isAlone = poolsOf(config).every(({ parallelism }) => parallelism.replicas === 1);
  const left = new Set(isAlone ? ['replicas', 'router'] : ['replicas']);
  const rest = (all: PredictConfig): string =>
    JSON.stringify(all, (key, value: unknown) => (left.has(key) ? undefined : value));
  return rest(config) === rest(other);
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

/** As tables print it: `62 %`, one decimal below 10 and above 90 where it matters, never 100 unless it is all. */
export function percent(share: number): string {
  const value = 100 * share;
  const isFine = value !== Math.round(value) && (Math.abs(value) < 10 || (value > 90 && value < 100));
  const text = value
    .toFixed(isFine ? 1 : 0)
    .replace(/\B(?=(\d{3})+$)/, ',')
    .replace(/^-(0(\.0)?)$/, '$1');
  return `${value < 100 && text.startsWith('100') ? '99.9' : text} %`;
}
