import type { Adaptation, Score } from '../adapt/adaptation.ts';
import { usdOf } from '../adapt/switchCost.ts';
import { courseChart, scoreCostChart, switchCostChart } from './adaptCharts.ts';
import { CONTENDERS, SWITCH_CAUSES, verdictOf } from './adaptText.ts';
import { formatCount, formatFixed, formatMs, formatPercent, formatUsd } from './format.ts';
import type { ReportPageData } from './pageData.ts';
import type { PageTable } from './pageTable.ts';

/** The page of a schedule: the answer, what runs when against the load, what it costs and why it switches. */
export function adaptPage(adaptation: Adaptation, workloadName: string, version: string): ReportPageData {
  const { train, test, scores, simulations, switches, left_out, config_hash } = adaptation;
  const { schedule } = scores;
  const clock = (seconds: number): string => formatMs(seconds * 1000);
  const switching = switchCostChart(adaptation);
  return {
    title: `dynosim adapt: ${schedule?.deployment ?? 'nothing keeps the SLO'}`,
    headline: verdictOf(adaptation),
    subtitle: `${workloadName}: chosen on ${clock(train.from_s)} to ${clock(train.to_s)} (${formatCount(train.requests, 'request')}), scored on ${clock(test.from_s)} to ${clock(test.to_s)} (${formatCount(test.requests, 'request')}).${schedule === null ? '' : ` The schedule: ${schedule.deployment}.`}`,
    tone: schedule?.met === true ? 'good' : 'bad',
    facts: factsOf(adaptation),
    why: switches.map(
      ({ at_s, from, to, reason, estimated_usd }) =>
        `At ${clock(at_s)} ${from} gives way to ${to}: ${reason}. Estimated at ${formatUsd(usdOf(estimated_usd))}.`,
    ),
    warnings: [],
    frontier: null,
    course: courseChart(adaptation),
    costs: [scoreCostChart(adaptation), ...(switching === null ? [] : [switching])],
    latency: [],
    timeline: null,
    scaling: null,
    attribution: [],
    tables: [
      scoreTable(adaptation),
      ...(switches.length === 0 ? [] : [switchTable(adaptation)]),
      segmentTable(adaptation),
    ],
    footer: `${formatCount(simulations, 'simulation')}. Left out: ${left_out.join('; ')}. dynosim ${version}, config ${config_hash.slice(0, 12)}.`,
  };
}

function factsOf({ scores, switches }: Adaptation): ReportPageData['facts'] {
  const { schedule, best_static, best_autoscaled, hindsight } = scores;
  const usd = (score: Score | null): string => (score === null ? '-' : formatUsd(score.usd));
  return [
    { label: 'Schedule', value: usd(schedule) },
    { label: 'Best static', value: usd(best_static) },
    { label: 'Best autoscaled', value: usd(best_autoscaled) },
    { label: 'Hindsight', value: usd(hindsight) },
    { label: 'Requests good', value: schedule === null ? '-' : formatPercent(schedule.attained_ratio) },
    { label: 'GPU-hours', value: schedule === null ? '-' : formatFixed(schedule.gpu_hours, 1) },
    { label: 'Switches a round', value: formatFixed(switches.length, 0) },
  ];
}

function scoreTable({ scores }: Adaptation): PageTable {
  return {
    caption: 'On the part that scores them',
    head: ['', 'USD', 'Sum of estimates', 'Good', 'SLO', 'GPU-hours', 'Changes', 'Good where chosen'],
    rows: CONTENDERS.map(([key, name]) => {
      const score = scores[key];
      if (score === null) return [`${name}: nothing keeps the SLO`, '-', '-', '-', '-', '-', '-', '-'];
      return [
        `${name}: ${score.deployment}`,
        formatUsd(score.usd),
        score.estimated_usd === null ? '-' : formatUsd(score.estimated_usd),
        formatPercent(score.attained_ratio),
        score.met ? 'met' : 'missed',
        formatFixed(score.gpu_hours, 1),
        formatFixed(score.scale_events, 0),
        score.in_training === null ? '-' : formatPercent(score.in_training.attained_ratio),
      ];
    }),
  };
}

function switchTable({ switches }: Adaptation): PageTable {
  return {
    caption: 'The switches, as estimated',
    head: ['', ...SWITCH_CAUSES.map(([, name]) => name), 'Together', 'Because'],
    rows: switches.map(({ at_s, from, to, reason, estimated_usd }) => [
      `${formatMs(at_s * 1000)}: ${from} to ${to}`,
      ...SWITCH_CAUSES.map(([cause]) => formatUsd(estimated_usd[cause])),
      formatUsd(usdOf(estimated_usd)),
      reason,
    ]),
  };
}

/** Of what keeps the SLO in a stretch; adaptation.json has all. */
const SHAPES_SHOWN = 2;

function segmentTable({ segments }: Adaptation): PageTable {
  const fewest = (needs: Readonly<Record<string, readonly number[] | null>>): string => {
    const able = Object.entries(needs).flatMap(([shape, replicas]) =>
      replicas === null ? [] : [`${replicas.join(' + ')}x ${shape}`],
    );
    if (able.length === 0) return 'none';
    const others = able.length - SHAPES_SHOWN;
    return `${able.slice(0, SHAPES_SHOWN).join('; ')}${others > 0 ? `; ${others} more` : ''}`;
  };
  return {
    caption: 'The stretches that the workload was cut into',
    head: [
      'From',
      'To',
      'Requests/s',
      'Prompt',
      'Output',
      'Reuse',
      'Schedule',
      'Begins because of',
      'Fewest that keep the SLO',
    ],
    rows: segments.map((each) => [
      formatMs(each.from_s * 1000),
      formatMs(each.to_s * 1000),
      formatFixed(each.requests_per_s, 2),
      formatFixed(each.mean_input_tokens, 0),
      formatFixed(each.mean_output_tokens, 0),
      formatPercent(each.reused_ratio),
      each.deployment ?? '-',
      each.reason,
      fewest(each.fewest),
    ]),
  };
}
