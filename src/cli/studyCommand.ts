import { Command, InvalidArgumentError } from 'commander';
import { InputError } from '../base/inputError.ts';
import { toCsv } from '../report/csv.ts';
import { renderDiff, renderFrontier, renderStudy } from '../report/studyText.ts';
import { unwritable, writeFileAtomically } from '../report/writeFiles.ts';
import { engineFingerprint } from '../study/engineFingerprint.ts';
import { trialsParquet, trialTable } from '../study/store/exportTrials.ts';
import { goalFrontier } from '../study/store/goalFrontier.ts';
import { diffTrials } from '../study/store/studyDiff.ts';
import { StudyFile } from '../study/store/studyFile.ts';
import type { TrialRow } from '../study/store/trialRow.ts';
import { toJson } from './outputFiles.ts';

interface GoalOptions {
  readonly goal?: string;
}

interface ShownOptions extends GoalOptions {
  readonly format: 'table' | 'json';
}

/** Looking into study files and keeping house in them. */
export async function studyCommand(args: readonly string[]): Promise<void> {
  const study = new Command('study').description('trials that last: what a study file holds').exitOverride();
  const withFile = (name: string, about: string): Command =>
    study.command(name).description(about).argument('<file>', 'study file');
  const withFormat = (command: Command): Command =>
    command.option('--format <format>', 'table or json', formatName, 'table');
  const withGoal = (command: Command): Command =>
    command.option('--goal <hash>', 'a goal by the beginning of its hash; by default the last one');

  withFormat(withFile('show', 'its goals, and how far each search is')).action((file, options) => show(file, options));
  withFormat(withGoal(withFile('frontier', 'the best deployments known so far'))).action((file, options) =>
    frontier(file, options),
  );
  withFormat(withGoal(study.command('diff').description('what came out otherwise')))
    .argument('<before>', 'study file')
    .argument('<after>', 'study file')
    .action((before, after, options) => diff(before, after, options));
  withGoal(withFile('export', 'its trials as a table'))
    .argument('<table>', 'file that ends in .csv, .json or .parquet')
    .action((file, table, options) => exportTable(file, table, options));
  withFile('merge', 'takes in what other studies know')
    .argument('<others...>', 'study files')
    .action((file, others) => merge(file, others));
  withGoal(withFile('rm', 'removes a goal and the trials only it asked for'))
    .option('--foreign', 'instead remove the trials of programs with other code')
    .action((file, options) => remove(file, options));
  await study.parseAsync(args, { from: 'user' });
}

async function show(file: string, { format }: ShownOptions): Promise<void> {
  await reading(file, (study) => {
    const goals = study.goals();
    const engine = engineFingerprint();
    const foreign = study.trials().filter((trial) => trial.engine !== engine).length;
    print(format === 'json' ? toJson({ goals, foreign_trials: foreign }) : renderStudy(file, goals, foreign));
  });
}

async function frontier(file: string, { goal, format }: ShownOptions): Promise<void> {
  await reading(file, (study) => {
    const row = study.goal(goal);
    const found = goalFrontier(ownTrials(study, row.goal), row.objectives);
    const plain = found.map(({ trial, report, values }) => ({ config: trial.config, summary: report, values }));
    print(format === 'json' ? toJson({ objectives: row.objectives, frontier: plain }) : renderFrontier(row, found));
  });
}

async function diff(before: string, after: string, { goal, format }: ShownOptions): Promise<void> {
  await reading(before, (old) =>
    reading(after, (fresh) => {
      const { objectives } = fresh.goal(goal);
      const side = (study: StudyFile) => {
        const trials = study.trials(study.goal(goal).goal).filter(({ status }) => status !== 'running');
        return { trials, frontier: goalFrontier(trials, objectives) };
      };
      const found = diffTrials(side(old), side(fresh), objectives);
      print(format === 'json' ? toJson(found) : renderDiff(found, objectives));
    }),
  );
}

async function exportTable(file: string, table: string, { goal }: GoalOptions): Promise<void> {
  await reading(file, async (study) => {
    const trials = study.trials(goal === undefined ? undefined : study.goal(goal).goal);
    await writeFileAtomically(table, await tableIn(table, trials)).catch((error) => {
      throw unwritable('study export', table, error);
    });
    print(`${trials.length} trials written to ${table}\n`);
  });
}

function tableIn(path: string, trials: readonly TrialRow[]): Promise<Uint8Array> | string {
  if (path.endsWith('.parquet')) return trialsParquet(trials);
  if (path.endsWith('.json')) return toJson(trials);
  if (!path.endsWith('.csv')) {
    throw new InputError({ path: 'study export', message: `${path} must end in .csv, .json or .parquet` });
  }
  const { text, numbers } = trialTable(trials);
  const columns = Object.entries({ ...text, ...numbers });
  const rows = trials.map((_, row) => columns.map(([, values]) => String(values[row] ?? '')));
  return toCsv([columns.map(([name]) => name), ...rows]);
}

async function merge(file: string, others: readonly string[]): Promise<void> {
  const into = await StudyFile.open(file, 'create');
  try {
    for (const other of others) {
      await reading(other, (study) => print(`${into.merge(study)} trials from ${other}\n`));
    }
  } finally {
    into.close();
  }
}

async function remove(file: string, { goal, foreign }: GoalOptions & { readonly foreign?: true }): Promise<void> {
  await reading(file, (study) => {
    const removed = foreign ? study.removeForeign(engineFingerprint()) : study.removeGoal(study.goal(goal).goal);
    print(`${removed} trials removed from ${file}\n`);
  });
}

async function reading(file: string, work: (study: StudyFile) => void | Promise<void>): Promise<void> {
  const study = await StudyFile.open(file);
  try {
    await work(study);
  } finally {
    study.close();
  }
}

/** Those this program computed; where there are none, those of the program that did. */
function ownTrials(study: StudyFile, goal: string): TrialRow[] {
  const trials = study.trials(goal);
  const own = trials.filter(({ engine }) => engine === engineFingerprint());
  return own.length > 0 ? own : trials;
}

function formatName(text: string): string {
  if (text !== 'table' && text !== 'json') throw new InvalidArgumentError('must be table or json');
  return text;
}

function print(text: string): void {
  process.stdout.write(text);
}
