import pc from 'picocolors';
import type { Explanation } from '../insight/explanation.ts';
import { metricValue } from '../metrics/metricNames.ts';
import type { Evaluated, Recommendation } from '../recommend/recommendation.ts';
import { candidateLabels } from './candidateLabels.ts';
import { configInWords } from './configWords.ts';
import { frontierFinding } from './findings.ts';
import {
  formatCount,
  formatFixed,
  formatMs,
  formatNumber,
  formatPercent,
  formatSlack,
  formatUsd,
  metricLabel,
} from './format.ts';
import { type PlotPoint, textPlot } from './frontierPlot.ts';
import { explanationSentences } from './insightText.ts';
import { type Colors, plainTable } from './terminal.ts';

export interface RecommendContext {
  /** Written files, to be named at the end. */
  readonly files: readonly string[];
  /** Of the pick; null where none was made. */
  readonly explanation?: Explanation | null;
  /** Whether the output may carry ANSI colours: only when it is a terminal. */
  readonly color: boolean;
}

/** Rows of the ranked table; the rest is in frontier.csv. */
const TABLE_ROWS = 10;

/** The answer on one screen: goal, frontier, pick, what it beats, the ranked table, what was tried, files. Ends with a newline. */
export function renderRecommend(recommendation: Recommendation, context: RecommendContext): string {
  const colors = pc.createColors(context.color);
  const sections = [
    [`${colors.bold('goal')}  ${recommendation.goal.sentence}`],
    plotLines(recommendation),
    pickLines(recommendation, colors),
    tableLines(recommendation, colors),
    aroundLines(context.explanation ?? null, colors),
    triedLines(recommendation, colors),
    context.files.length === 0 ? [] : [`written: ${context.files.join(', ')}`],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** What was seen around the pick, in brief. */
function aroundLines(explanation: Explanation | null, colors: Colors): string[] {
  if (explanation === null) return [];
  const { simulations, truncated } = explanation.effort;
  const cut = truncated ? ', cut short by its budget' : '';
  return [
    colors.bold('around the pick'),
    ...explanationSentences(explanation, 3).map((sentence) => `  ${sentence}`),
    `  (${formatFixed(simulations, 0)} simulations${cut}; the tables are in report.html)`,
  ];
}

/** The values a point has on the frontier's two axes: the first two objectives, or GPUs and the only one. */
export function frontierAxes(recommendation: Recommendation): { x: string; y: string } {
  const [first, second] = recommendation.goal.objectives;
  return second === undefined ? { x: 'GPUs', y: first?.metric ?? '' } : { x: first.metric, y: second.metric };
}

function plotLines(recommendation: Recommendation): string[] {
  const { points, pick, baseline, goal } = recommendation;
  const single = goal.objectives.length < 2;
  const place = (objectives: readonly number[], gpus: number): { x: number; y: number } =>
    single ? { x: gpus, y: objectives[0] } : { x: objectives[0], y: objectives[1] };
  const placeOf = (candidate: Evaluated): { x: number; y: number } =>
    place(
      goal.objectives.map(({ metric }) => metricValue(candidate.summary, metric)),
      candidate.gpus,
    );
  const rank = (point: { feasible: boolean; on_frontier: boolean }): number =>
    point.on_frontier ? 2 : point.feasible ? 1 : 0;
  const marks: PlotPoint[] = [...points]
    .sort((a, b) => rank(a) - rank(b))
    .map((point) => ({ ...place(point.objectives, point.gpus), mark: ['x', '.', 'o'][rank(point)] }));
  if (baseline !== null) marks.push({ ...placeOf(baseline), mark: 'B' });
  if (pick !== null) marks.push({ ...placeOf(pick), mark: '*' });
  const axes = frontierAxes(recommendation);
  const plot = textPlot(marks, { x: metricLabel(axes.x), y: metricLabel(axes.y) }, formatNumber);
  if (plot.length === 0) return [];
  const legend = `* pick  o frontier  . dominated  x infeasible${baseline === null ? '' : '  B baseline'}`;
  return [...plot, legend];
}

function pickLines(recommendation: Recommendation, colors: Colors): string[] {
  const { pick, why } = recommendation;
  const finding = frontierFinding(recommendation);
  if (pick === null) return [colors.red(finding), ...why];
  const { cost, slo } = pick.summary;
  const slack = slo.worst_slack === null ? 'no SLO asked for' : `SLO slack ${formatSlack(slo.worst_slack)}`;
  return [
    colors.green(finding),
    `${colors.bold('pick')}  ${pick.shape}: ${configInWords(pick.config)}`,
    `  ${formatUsd(cost.usd_per_month)}/month (${formatUsd(cost.usd_per_hour)}/h), ${slack}, ${formatPercent(slo.attained_ratio)} of requests good`,
    ...why.map((sentence) => `  ${sentence}`),
  ];
}

function tableLines(recommendation: Recommendation, colors: Colors): string[] {
  const { frontier, pick, goal } = recommendation;
  if (frontier.length === 0) return [];
  const others = goal.objectives.map(({ metric }) => metric).filter((metric) => metric !== 'usd_per_hour');
  const table = plainTable(
    [pick === null ? 'nearest' : 'frontier', 'GPUs', 'load', 'USD/h', ...others.map(metricLabel), 'SLO slack', ''],
    colors,
  );
  const labels = candidateLabels(frontier);
  frontier.slice(0, TABLE_ROWS).forEach((candidate, index) => {
    const { cost, slo } = candidate.summary;
    table.push([
      labels[index],
      String(candidate.gpus),
      loadText(candidate),
      formatFixed(cost.usd_per_hour, 2),
      ...others.map((metric) => formatNumber(metricValue(candidate.summary, metric))),
      formatSlack(slo.worst_slack),
      candidate.id === pick?.id ? '*' : '',
    ]);
  });
  const left = frontier.length - TABLE_ROWS;
  return [table.toString(), ...(left > 0 ? [`... and ${left} more in frontier.csv`] : [])];
}

export function loadText({ load }: Evaluated): string {
  if (load.type === 'multiplier') return `${formatNumber(load.value)}x`;
  return `${formatNumber(load.value)} ${load.type === 'concurrency' ? 'users' : 'requests/s'}`;
}

function triedLines(recommendation: Recommendation, colors: Colors): string[] {
  const { tried, reasons, violations, truncated, elapsed } = recommendation;
  const refused = [
    [tried.illegal, 'illegal'],
    [tried.no_memory, 'out of memory'],
    [tried.bounded_out, 'out of bounds'],
  ] as const;
  const simulated = `${formatFixed(tried.full, 0)} simulated to the end, ${formatFixed(tried.short, 0)} cut short${tried.failed > 0 ? `, ${formatFixed(tried.failed, 0)} failed` : ''}`;
  const lines = [
    `${colors.bold('tried')} ${formatCount(tried.enumerated, 'candidate')}: ${refused.map(([count, why]) => `${formatFixed(count, 0)} ${why}`).join(', ')}; ${simulated}; ${formatFixed(tried.passes, 0)} passes in ${formatMs(elapsed.wall_ms)} on ${formatCount(elapsed.threads, 'thread')}`,
    ...reasons.slice(0, 3).map(({ reason, candidates }) => `  refused ${formatFixed(candidates, 0)}: ${reason}`),
    ...violations.slice(0, 3).map(({ rule, candidates }) => `  broken by ${formatFixed(candidates, 0)}: ${rule}`),
  ];
  return truncated ? [...lines, colors.yellow('stopped early: the frontier is of what finished')] : lines;
}
