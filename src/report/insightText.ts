import pc from 'picocolors';
import type { Comparison } from '../insight/comparison.ts';
import type { Explanation } from '../insight/explanation.ts';
import type { Effect } from '../insight/sensitivity.ts';
import { metricValue } from '../metrics/metricNames.ts';
import { formatFixed, formatNumber, formatPercent, metricLabel } from './format.ts';
import type { PageTable } from './pageTable.ts';
import { type Colors, plainTable } from './terminal.ts';

export interface InsightContext {
  /** Written files, to be named at the end. */
  readonly files: readonly string[];
  readonly color: boolean;
}

/** An explanation as sentences and tables, for the terminal. Ends with a newline. */
export function renderExplanation(explanation: Explanation, subject: string, context: InsightContext): string {
  const colors = pc.createColors(context.color);
  const { effort, sturdiness, why_not, couplings, binds } = explanation;
  return joined([
    [colors.bold(subject), ...binds.map((sentence) => `  ${sentence}`)],
    ...explanationTables(explanation).map((table) => tableLines(table, colors)),
    couplings.length === 0
      ? ['No two of the knobs that matter most touch each other by 2 % or more.']
      : [
          colors.bold('knobs that depend on each other'),
          ...couplings.slice(0, 8).map(({ sentence }) => `  ${sentence}`),
        ],
    sturdiness.sentence === null ? [] : [sturdiness.sentence],
    why_not === null ? [] : [`${colors.bold('why not')} ${why_not.sentence}`],
    [`${formatFixed(effort.simulations, 0)} simulations, ${formatFixed(effort.passes, 0)} passes`],
    context.files.length === 0 ? [] : [`written: ${context.files.join(', ')}`],
  ]);
}

/** Which knobs of a deployment depend on each other, and how sturdy it is. */
export function explanationSentences({ couplings, sturdiness }: Explanation, most = 8): string[] {
  return [
    ...couplings.slice(0, most).map(({ sentence }) => sentence),
    ...(sturdiness.sentence === null ? [] : [sturdiness.sentence]),
  ];
}

/** The way from A to B, for the terminal. Ends with a newline. */
export function renderComparison(
  comparison: Comparison,
  names: readonly [string, string],
  context: InsightContext,
): string {
  const colors = pc.createColors(context.color);
  return joined([
    [`${colors.bold('A')} ${names[0]}`, `${colors.bold('B')} ${names[1]}`, comparison.sentence],
    tableLines(comparisonTable(comparison), colors),
    context.files.length === 0 ? [] : [`written: ${context.files.join(', ')}`],
  ]);
}

export function explanationTables({
  metrics,
  summary,
  intervals,
  sensitivities,
  marginal,
  sturdiness,
}: Explanation): PageTable[] {
  const head = metrics.map(metricLabel);
  const value = (metric: string): string => formatNumber(metricValue(summary, metric));
  const range = (among: 'requests' | 'timing', metric: string): string => {
    const found = intervals[metric][among];
    return found === null ? '-' : found.map(formatNumber).join(' to ');
  };
  const ranges = (label: string, among: 'requests' | 'timing'): string[][] =>
    metrics.every((metric) => intervals[metric][among] === null)
      ? []
      : [[label, ...metrics.map((metric) => range(among, metric))]];
  const effects = (caption: string, rows: readonly Effect[]): PageTable => {
    const isIdle = ({ changes }: Effect): boolean => metrics.every((metric) => signed(changes[metric]) === '0 %');
    const idle = rows.filter(isIdle).map(({ label }) => label);
    return {
      caption,
      head: ['', ...head, ...(summary.slo.worst_slack === null ? [] : ['SLO'])],
      rows: rows
        .filter((row) => !isIdle(row))
        .map(({ label, changes, meets_slo }) => [
          label,
          ...metrics.map((metric) => signed(changes[metric])),
          ...(summary.slo.worst_slack === null ? [] : [meets_slo === true ? 'met' : 'missed']),
        ]),
      ...(idle.length === 0 ? {} : { note: `No difference: ${idle.join(', ')}.` }),
    };
  };
  return [
    {
      caption: 'As it is',
      head: ['', ...head],
      rows: [
        ['value', ...metrics.map(value)],
        ...ranges('95 % over other such requests', 'requests'),
        ...ranges('80 % of real servers, by the timing’s errors', 'timing'),
      ],
    },
    effects('Each knob a notch up or down', sensitivities),
    effects('A little more of each resource', marginal),
    effects('In other conditions', sturdiness.cases),
  ];
}

export function comparisonTable({ metrics, a, b, links }: Comparison): PageTable {
  const difference = (value: number): string => `${value > 0 ? '+' : ''}${formatNumber(value)}`;
  return {
    caption: 'From A to B, one cause at a time; the parts sum to the difference',
    head: ['', ...metrics.map(metricLabel)],
    rows: [
      ['A', ...metrics.map((metric) => formatNumber(metricValue(a, metric)))],
      ...links.map(({ change, by }) => [change, ...metrics.map((metric) => difference(by[metric]))]),
      ['B', ...metrics.map((metric) => formatNumber(metricValue(b, metric)))],
    ],
  };
}

function signed(change: number | null): string {
  if (change === null) return '-';
  if (Math.abs(change) < 0.0005) return '0 %';
  return `${change > 0 ? '+' : ''}${formatPercent(change)}`;
}

function tableLines({ caption, head, rows, note }: PageTable, colors: Colors): string[] {
  const table = plainTable([...head], colors);
  for (const row of rows) table.push([...row]);
  // A table of which no row is left is its note alone.
  return [
    colors.bold(caption),
    ...(rows.length === 0 ? [] : [table.toString()]),
    ...(note === undefined ? [] : [`  ${note}`]),
  ];
}

function joined(sections: readonly (readonly string[])[]): string {
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}
