import pc from 'picocolors';
import type { Adaptation, Score } from '../adapt/adaptation.ts';
import { type SwitchCost, usdOf } from '../adapt/switchCost.ts';
import { formatCount, formatFixed, formatMs, formatPercent, formatUsd } from './format.ts';
import { plainTable } from './terminal.ts';

export interface AdaptContext {
  readonly files: readonly string[];
  readonly color: boolean;
}

/** In the order in which they are told. */
export const CONTENDERS = [
  ['schedule', 'schedule'],
  ['best_static', 'best static'],
  ['best_autoscaled', 'best autoscaled'],
  ['hindsight', 'hindsight'],
] as const satisfies readonly (readonly [keyof Adaptation['scores'], string])[];

/** What makes up the price of a switch. */
export const SWITCH_CAUSES = [
  ['startup', 'start-up'],
  ['double_running', 'double running'],
  ['draining', 'draining'],
  ['lost_cache', 'lost cache'],
] as const satisfies readonly (readonly [keyof SwitchCost, string])[];

/** The answer as one screen: what it was chosen on, the schedule, and how it scores beside the others. */
export function renderAdaptation(adaptation: Adaptation, { files, color }: AdaptContext): string {
  const colors = pc.createColors(color);
  const { train, test, segments, switches, scores, simulations, left_out } = adaptation;
  const clock = (seconds: number): string => formatMs(seconds * 1000);
  const segmentTable = plainTable(
    ['from', 'to', 'requests/s', 'prompt', 'output', 'reuse', 'schedule', 'because'],
    colors,
  );
  for (const each of segments) {
    segmentTable.push([
      clock(each.from_s),
      clock(each.to_s),
      formatFixed(each.requests_per_s, 2),
      formatFixed(each.mean_input_tokens, 0),
      formatFixed(each.mean_output_tokens, 0),
      formatPercent(each.reused_ratio),
      each.deployment ?? '-',
      each.reason,
    ]);
  }
  const scoreTable = plainTable(['', 'USD', 'estimate', 'good', 'SLO', 'GPU-hours', 'changes', 'what'], colors);
  for (const [key, name] of CONTENDERS) scoreTable.push([name, ...scoreCells(scores[key])]);
  const lines = [
    colors.bold(verdictOf(adaptation)),
    `chosen on ${clock(train.from_s)} to ${clock(train.to_s)} (${formatCount(train.requests, 'request')}), scored on ${clock(test.from_s)} to ${clock(test.to_s)} (${formatCount(test.requests, 'request')}), ${formatCount(simulations, 'simulation')}`,
    '',
    segmentTable.toString(),
    '',
    ...switches.map((each) => {
      const causes = SWITCH_CAUSES.map(([cause, name]) => `${name} ${formatUsd(each.estimated_usd[cause])}`);
      return `${clock(each.at_s)}: ${each.from} to ${each.to} (${each.reason}), about ${formatUsd(usdOf(each.estimated_usd))}: ${causes.join(', ')}`;
    }),
    ...(switches.length === 0 ? [] : ['']),
    scoreTable.toString(),
    '',
    ...left_out.map((text) => colors.dim(`left out: ${text}`)),
    ...(files.length === 0 ? [] : ['', `written: ${files.join(', ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function scoreCells(score: Score | null): string[] {
  if (score === null) return ['-', '-', '-', '-', '-', '-', 'nothing keeps the SLO'];
  return [
    formatUsd(score.usd),
    score.estimated_usd === null ? '-' : formatUsd(score.estimated_usd),
    formatPercent(score.attained_ratio),
    score.met ? 'met' : 'missed',
    formatFixed(score.gpu_hours, 1),
    formatFixed(score.scale_events, 0),
    score.deployment,
  ];
}

/** By how much following the workload beats standing still. */
export function verdictOf({ scores: { schedule, best_static } }: Adaptation): string {
  if (schedule === null) return 'No schedule keeps the SLO within the limits';
  if (best_static === null) return 'A schedule keeps the SLO, no single deployment does';
  const saved = 1 - schedule.usd / best_static.usd;
  const cost = saved >= 0 ? `costs ${formatPercent(saved)} less` : `costs ${formatPercent(-saved)} more`;
  const kept = (score: Score): string =>
    score.met ? 'keeps the SLO' : `misses the SLO (${formatPercent(score.attained_ratio)} good)`;
  return `The schedule ${cost} than the best static deployment; it ${kept(schedule)}, the static one ${kept(best_static)}`;
}
