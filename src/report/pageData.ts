import type { Explanation } from '../insight/explanation.ts';
import { metricValue } from '../metrics/metricNames.ts';
import type { PlannerReport, Report } from '../metrics/report.ts';
import type { Recommendation } from '../recommend/recommendation.ts';
import type { CostChart, CourseChart } from './adaptCharts.ts';
import { candidateLabels } from './candidateLabels.ts';
import {
  type AttributionChart,
  type CdfChart,
  chartsOf,
  type FrontierChart,
  frontierChart,
  type RunDetail,
  type ScalingChart,
  type TimelineChart,
} from './chartData.ts';
import { configInWords } from './configWords.ts';
import { busiestFinding, faultsFinding, frontierFinding, passTimeText, sloFinding } from './findings.ts';
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
import { explanationSentences, explanationTables } from './insightText.ts';
import type { PageTable } from './pageTable.ts';
import { loadText } from './recommendText.ts';

/** What report.html shows: plain JSON with all text in place, so that the page only draws. */
export interface ReportPageData {
  /** Of the document. */
  readonly title: string;
  /** The answer in one sentence. */
  readonly headline: string;
  readonly subtitle: string;
  readonly tone: 'good' | 'bad' | 'neutral';
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  readonly why: readonly string[];
  readonly warnings: readonly string[];
  readonly frontier: FrontierChart | null;
  readonly latency: readonly CdfChart[];
  readonly timeline: TimelineChart | null;
  readonly scaling: ScalingChart | null;
  readonly course: CourseChart | null;
  readonly costs: readonly CostChart[];
  readonly attribution: readonly AttributionChart[];
  readonly tables: readonly PageTable[];
  readonly footer: string;
}

/** The page of one deployment. `deployment` and `workloadName` are words for the header. */
export function predictPage(detail: RunDetail, deployment: string, workloadName: string): ReportPageData {
  const { report, slo } = detail;
  return {
    title: `dynosim: ${deployment}`,
    headline: sloFinding(report, slo),
    subtitle: `${deployment}. ${workloadName}: ${formatCount(report.requests.submitted, 'request')}, ${formatMs(report.duration_ms)}.`,
    tone: slo === null ? 'neutral' : report.slo.met ? 'good' : 'bad',
    facts: factsOf(report),
    why: notesOf(report),
    warnings: report.provenance.warnings,
    frontier: null,
    course: null,
    costs: [],
    ...chartsOf(detail),
    tables: [latencyTable(report), ...(report.planner === undefined ? [] : [decisionTable(report.planner)])],
    footer: footerOf(report),
  };
}

/** The page of an explanation: the deployment's own page, and what moves it. */
export function explainPage(
  explanation: Explanation,
  detail: RunDetail,
  deployment: string,
  workloadName: string,
): ReportPageData {
  const page = predictPage(detail, deployment, workloadName);
  const { binds, why_not } = explanation;
  return {
    ...page,
    why: [
      ...page.why,
      ...binds,
      ...explanationSentences(explanation),
      ...(why_not === null ? [] : [`Why not the other: ${why_not.sentence}`]),
    ],
    tables: [...explanationTables(explanation), ...page.tables],
  };
}

/**
 * The page of an answer; `detail` is a run of the pick (or of the best there is), null leaves its charts out, as a null
 * explanation leaves out what moves the pick.
 */
export function recommendPage(
  recommendation: Recommendation,
  detail: RunDetail | null,
  explanation: Explanation | null = null,
): ReportPageData {
  const { pick, goal, why } = recommendation;
  const charts = detail === null ? { latency: [], timeline: null, scaling: null, attribution: [] } : chartsOf(detail);
  const shown = pick?.summary ?? detail?.report ?? null;
  return {
    title: `dynosim: ${pick === null ? 'no deployment meets the goal' : pick.shape}`,
    headline: frontierFinding(recommendation),
    subtitle: pick === null ? goal.sentence : `${goal.sentence}. The pick: ${configInWords(pick.config)}.`,
    tone: pick === null ? 'bad' : 'good',
    facts: shown === null ? [] : factsOf(shown),
    why: [...why, ...(explanation === null ? [] : explanationSentences(explanation))],
    warnings: [
      ...(recommendation.truncated ? ['The search was stopped early: the frontier is of what finished.'] : []),
      ...(shown?.provenance.warnings ?? []),
    ],
    frontier: frontierChart(recommendation),
    course: null,
    costs: [],
    ...charts,
    tables: [
      ...(recommendation.frontier.length === 0 ? [] : [frontierTable(recommendation)]),
      ...(explanation === null ? [] : explanationTables(explanation)),
      ...(shown === null ? [] : [latencyTable(shown)]),
    ],
    footer: `${triedText(recommendation)} ${shown === null ? '' : footerOf(shown)}`.trim(),
  };
}

function factsOf(report: Report): ReportPageData['facts'] {
  const { cost, slo, throughput, fleet, cache, latency } = report;
  const perMillion = cost.usd_per_million_output_tokens;
  return [
    { label: 'Per month', value: formatUsd(cost.usd_per_month) },
    { label: 'GPUs', value: formatFixed(fleet.gpus_peak, 0) },
    { label: 'Requests good', value: formatPercent(slo.attained_ratio) },
    { label: 'SLO slack', value: formatSlack(slo.worst_slack) },
    { label: 'p95 TTFT', value: latency.ttft_ms.count === 0 ? '-' : formatMs(latency.ttft_ms.p95) },
    { label: 'p95 TPOT', value: latency.tpot_ms.count === 0 ? '-' : formatMs(latency.tpot_ms.p95) },
    { label: 'Output tokens/s/GPU', value: formatNumber(throughput.output_tokens_per_s_per_gpu) },
    { label: 'Per million output tokens', value: perMillion === null ? '-' : formatUsd(perMillion) },
    { label: 'Prompt tokens reused', value: formatPercent(cache.reused_ratio) },
  ];
}

/** What was lost, and what was scarce beside the GPUs. */
function notesOf(report: Report): string[] {
  const { submitted, completed, rejected } = report.requests;
  const { faults, busiest_link } = report;
  const other = submitted - completed - rejected;
  return [
    ...(rejected > 0
      ? [
          `${formatCount(rejected, 'request')} of ${formatFixed(submitted, 0)} were rejected and count as infinitely late.`,
        ]
      : []),
    ...(other > 0
      ? [
          `${formatCount(other, 'request')} of ${formatFixed(submitted, 0)} did not complete and count as infinitely late.`,
        ]
      : []),
    ...(faults === undefined ? [] : [`Faults: ${faultsFinding(faults)}.`]),
    ...(busiest_link == null ? [] : [`Busiest link: ${busiestFinding(busiest_link)}.`]),
  ];
}

function latencyTable(report: Report): PageTable {
  const names = {
    ttft_ms: 'TTFT',
    tpot_ms: 'TPOT',
    itl_ms: 'ITL (all gaps)',
    e2e_ms: 'E2E latency',
    queue_ms: 'Queueing',
  };
  const statistics = ['mean', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const;
  return {
    caption: 'Latency of completed requests (ms)',
    head: ['', ...statistics],
    rows: (Object.keys(names) as (keyof typeof names)[]).map((name) => [
      names[name],
      ...statistics.map((statistic) =>
        report.latency[name].count === 0 ? '-' : formatNumber(report.latency[name][statistic]),
      ),
    ]),
  };
}

/** Of more, the first. */
const DECISIONS_SHOWN = 100;

function decisionTable({ decisions }: PlannerReport): PageTable {
  const inWords = (replicas: Readonly<Record<string, number>>): string => Object.values(replicas).join(' + ');
  const shown = decisions.length > DECISIONS_SHOWN ? `, the first ${DECISIONS_SHOWN} of ${decisions.length}` : '';
  return {
    caption: `What the planner decided${shown}`,
    head: ['at', 'from', 'wanted', 'granted', 'reason'],
    rows: decisions
      .slice(0, DECISIONS_SHOWN)
      .map(({ time_s, from, wanted, granted, reason }) => [
        formatMs(time_s * 1000),
        inWords(from),
        inWords(wanted),
        inWords(granted),
        reason,
      ]),
  };
}

function frontierTable({ frontier, goal, pick }: Recommendation): PageTable {
  const metrics = goal.objectives.map(({ metric }) => metric);
  const labels = candidateLabels(frontier);
  return {
    caption: pick === null ? 'Nearest to the goal' : 'The frontier, best first',
    head: ['Deployment', 'GPUs', 'Load', ...metrics.map(metricLabel), 'SLO slack'],
    rows: frontier.map((candidate, index) => [
      `${labels[index]}${candidate.id === pick?.id ? ' (the pick)' : ''}`,
      formatFixed(candidate.gpus, 0),
      loadText(candidate),
      ...metrics.map((metric) => formatNumber(metricValue(candidate.summary, metric))),
      formatSlack(candidate.summary.slo.worst_slack),
    ]),
  };
}

function triedText({ tried, elapsed }: Recommendation): string {
  const refused = tried.illegal + tried.no_memory + tried.bounded_out;
  return `${formatCount(tried.enumerated, 'candidate')}: ${formatFixed(refused, 0)} refused before simulation, ${formatFixed(tried.full + tried.short, 0)} simulated in ${formatFixed(tried.passes, 0)} passes and ${formatMs(elapsed.wall_ms)}.`;
}

function footerOf(report: Report): string {
  const { timing } = report.provenance;
  const sources = Object.entries(timing)
    .filter(([, share]) => share > 0)
    .map(([source, share]) => `${source} ${formatPercent(share)}`);
  const made = passTimeText(report).map((text) => ` Pass time: ${text}.`);
  return `Timing: ${sources.join(', ') || 'no pass ran'}.${made.join('')} dynosim ${report.dynosim_version}, seed ${report.seed}, config ${report.config_hash.slice(0, 12)}, result ${report.result_hash.slice(0, 12)}.`;
}
