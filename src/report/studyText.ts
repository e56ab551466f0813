import Table from 'cli-table3';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { ObjectiveSpec } from '../config/recommendConfig.ts';
import type { FrontierTrial } from '../study/store/goalFrontier.ts';
import type { ChangedTrial, StudyDiff } from '../study/store/studyDiff.ts';
import type { GoalRow } from '../study/store/studyFile.ts';
import type { TrialRow } from '../study/store/trialRow.ts';
import { configInWords } from './configWords.ts';
import { formatCount, formatFixed, formatNumber } from './format.ts';

const STYLE = { head: [], border: [], compact: true };
/** Rows of a list before the rest is only counted. */
const ROWS = 20;

/** What a study holds, goal by goal. */
export function renderStudy(file: string, goals: readonly GoalRow[], foreign: number): string {
  const table = new Table({
    head: ['goal', 'status', 'trials', 'failed', 'running', 'passes', 'objectives', 'begun'],
    style: STYLE,
  });
  for (const { goal, status, done, failed, running, passes, objectives, startedAt } of goals) {
    table.push([
      goal.slice(0, 8),
      status,
      done,
      failed,
      running,
      formatFixed(passes, 0),
      inWords(objectives),
      startedAt,
    ]);
  }
  const other =
    foreign === 0 ? '' : `${formatCount(foreign, 'trial')} of programs with other code (study rm ${file} --foreign)\n`;
  return `${file}: ${formatCount(goals.length, 'goal')}\n${table.toString()}\n${other}`;
}

export function renderFrontier({ goal, status, objectives }: GoalRow, frontier: readonly FrontierTrial[]): string {
  const so = status === 'done' ? '' : ' so far';
  if (frontier.length === 0) return `goal ${goal.slice(0, 8)}: nothing meets the SLO${so}\n`;
  const table = new Table({ head: [...objectives.map(({ metric }) => metric), 'gpus', 'deployment'], style: STYLE });
  for (const { trial, report, values } of frontier.slice(0, ROWS)) {
    table.push([...values.map(formatNumber), formatNumber(report.fleet.gpus_peak), inOneLine(trial)]);
  }
  const rest = frontier.length > ROWS ? `and ${frontier.length - ROWS} more\n` : '';
  return `goal ${goal.slice(0, 8)}, ${inWords(objectives)}: ${formatCount(frontier.length, 'deployment')} on the frontier${so}\n${table.toString()}\n${rest}`;
}

export function renderDiff(diff: StudyDiff, objectives: readonly ObjectiveSpec[]): string {
  const { same, changed, onlyBefore, onlyAfter, joinedFrontier, leftFrontier } = diff;
  const lines = [
    `${formatCount(same, 'trial')} the same, ${changed.length} came out otherwise, ${onlyBefore} only in the first, ${onlyAfter} only in the second`,
  ];
  if (changed.length > 0) {
    const table = new Table({ head: [...objectives.map(({ metric }) => metric), 'deployment'], style: STYLE });
    for (const each of changed.slice(0, ROWS)) {
      table.push([...objectives.map((_, k) => changeInWords(each, k)), inOneLine(each.after)]);
    }
    lines.push(table.toString());
    if (changed.length > ROWS) lines.push(`and ${changed.length - ROWS} more`);
  }
  lines.push(`frontier: ${joinedFrontier.length} joined, ${leftFrontier.length} left`);
  for (const { trial } of joinedFrontier.slice(0, ROWS)) lines.push(`  + ${inOneLine(trial)}`);
  for (const { trial } of leftFrontier.slice(0, ROWS)) lines.push(`  - ${inOneLine(trial)}`);
  return `${lines.join('\n')}\n`;
}

function changeInWords({ valuesBefore, valuesAfter }: ChangedTrial, k: number): string {
  const word = (values: readonly number[] | null): string => (values === null ? 'cut short' : formatNumber(values[k]));
  return `${word(valuesBefore)} -> ${word(valuesAfter)}`;
}

function inWords(objectives: readonly ObjectiveSpec[]): string {
  return objectives.map(({ metric, direction }) => `${direction} ${metric}`).join(', ');
}

function inOneLine({ config }: TrialRow): string {
  return configInWords(config as PredictConfig);
}
