import type { Adaptation, Score } from '../adapt/adaptation.ts';
import { usdOf } from '../adapt/switchCost.ts';
import { CONTENDERS, SWITCH_CAUSES } from './adaptText.ts';
import { formatMs, formatPercent, formatUsd } from './format.ts';

/** Load, what ran, and how requests fared, of several deployments on one clock. */
export interface CourseChart {
  readonly title: string;
  readonly note: string;
  readonly fromS: number;
  /** Where choosing ends and scoring begins. */
  readonly borderS: number;
  readonly endS: number;
  readonly windows: readonly {
    readonly fromS: number;
    readonly toS: number;
    readonly perS: number;
    readonly inputTokens: number;
  }[];
  readonly contenders: readonly {
    readonly name: string;
    /** What is due from when to when. */
    readonly spans: readonly { readonly fromS: number; readonly toS: number; readonly deployment: string }[];
    /** GPUs held, from each second on. */
    readonly gpus: readonly (readonly [second: number, gpus: number])[];
    /** By window; null: nobody arrived, or not looked at. */
    readonly attained: readonly (number | null)[];
  }[];
}

/** Dollars by what they are spent on, one bar a row. */
export interface CostChart {
  readonly title: string;
  readonly note: string;
  readonly rows: readonly {
    readonly label: string;
    readonly parts: readonly { readonly name: string; readonly usd: number }[];
    /** Added up beforehand; null: not. */
    readonly estimatedUsd: number | null;
    /** What else is to be said beside the bar. */
    readonly remark: string;
    readonly isBad: boolean;
  }[];
}

export function courseChart({ windows, train, test, scores, switches }: Adaptation): CourseChart {
  const all = [...windows.train, ...windows.test];
  const contenders = CONTENDERS.flatMap(([key, name]) => {
    const score = scores[key];
    if (score === null) return [];
    const { course, in_training } = score;
    const before = in_training?.course ?? { timetable: [], gpus: [], attained_ratios: windows.train.map(() => null) };
    return [
      {
        name,
        spans: [...spansOf(before.timetable, train.to_s), ...spansOf(course.timetable, test.to_s)],
        gpus: [...before.gpus, ...course.gpus].map(({ time_s, gpus }) => [time_s, gpus] as const),
        attained: [...before.attained_ratios, ...course.attained_ratios],
      },
    ];
  });
  const [first] = windows.train;
  return {
    title:
      switches.length === 0
        ? 'Nothing that changes with the load is cheaper than standing still'
        : `What runs when: the schedule changes ${switches.length} times in ${formatMs((train.to_s - train.from_s) * 1000)}`,
    note: `Everything was chosen left of the line and is scored right of it, each by one simulation of the whole stretch. Load and attainment by windows of ${formatMs((first.to_s - first.from_s) * 1000)}; GPUs of replicas that start and drain included.`,
    fromS: train.from_s,
    borderS: test.from_s,
    endS: test.to_s,
    windows: all.map(({ from_s, to_s, requests_per_s, mean_input_tokens }) => ({
      fromS: from_s,
      toS: to_s,
      perS: requests_per_s,
      inputTokens: mean_input_tokens,
    })),
    contenders,
  };
}

function spansOf(timetable: Score['course']['timetable'], endS: number) {
  return timetable.map(({ from_s, deployment }, index) => ({
    fromS: from_s,
    toS: timetable[index + 1]?.from_s ?? endS,
    deployment,
  }));
}

const PHASES = [
  ['serving', 'serving'],
  ['starting', 'starting'],
  ['draining', 'draining'],
  ['warm', 'warm nodes'],
] as const satisfies readonly (readonly [keyof Score['usd_by_phase'], string])[];

export function scoreCostChart({ scores }: Adaptation): CostChart {
  const rows = CONTENDERS.flatMap(([key, name]) => {
    const score = scores[key];
    if (score === null) return [];
    const kept = score.met ? 'SLO met' : 'SLO missed';
    return [
      {
        label: name,
        parts: PHASES.map(([phase, words]) => ({ name: words, usd: score.usd_by_phase[phase] })).filter(
          ({ usd }) => usd > 0,
        ),
        estimatedUsd: score.estimated_usd,
        remark: `${formatUsd(score.usd)}, ${formatPercent(score.attained_ratio)} good, ${kept}`,
        isBad: !score.met,
      },
    ];
  });
  return { title: costFinding(scores), note: '', rows };
}

/** How near the sum of estimates comes to what the simulation of the schedule costs. */
function costFinding({ schedule }: Adaptation['scores']): string {
  if (schedule === null || schedule.estimated_usd === null) return 'What each costs on the part it is scored on';
  const off = schedule.estimated_usd / schedule.usd - 1;
  const how =
    Math.abs(off) < 0.0005 ? 'as much as' : `${formatPercent(Math.abs(off))} ${off > 0 ? 'more' : 'less'} than`;
  return `What each costs; the schedule's estimates add up to ${how} its simulation`;
}

/** Null where nothing is switched. */
export function switchCostChart({ switches }: Adaptation): CostChart | null {
  if (switches.length === 0) return null;
  const total = switches.reduce((sum, { estimated_usd }) => sum + usdOf(estimated_usd), 0);
  return {
    title: `What each switch is estimated to cost: ${formatUsd(total)} in all`,
    note: '',
    rows: switches.map(({ at_s, from, to, estimated_usd }) => ({
      label: `${formatMs(at_s * 1000)}: ${from} to ${to}`,
      parts: SWITCH_CAUSES.map(([cause, name]) => ({ name, usd: estimated_usd[cause] })),
      estimatedUsd: null,
      remark: formatUsd(usdOf(estimated_usd)),
      isBad: false,
    })),
  };
}
