import { InputError } from '../../base/inputError.ts';
import type { ObjectiveSpec } from '../../config/recommendConfig.ts';
import { Database, type Row } from './database.ts';
import { migrate } from './migrations.ts';
import { type TrialRow, trialOf } from './trialRow.ts';

export interface GoalRow {
  readonly goal: string;
  readonly status: 'running' | 'done' | 'truncated';
  readonly version: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly objectives: readonly ObjectiveSpec[];
  readonly config: unknown;
  /** recommendation.json of the last finished search; null before. */
  readonly recommendation: unknown;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly passes: number;
}

/** A study file open for questions and housekeeping. */
export class StudyFile {
  readonly file: string;
  readonly #database: Database;

  private constructor(file: string, database: Database) {
    this.file = file;
    this.#database = database;
  }

  /** @throws InputError when there is no such file, or it is no study. */
  static async open(file: string, mode: 'existing' | 'create' = 'existing'): Promise<StudyFile> {
    const database = await Database.open(file, mode);
    migrate(database, file);
    return new StudyFile(file, database);
  }

  /** In the order in which they were first asked. */
  goals(): GoalRow[] {
    const rows = this.#database.all(
      `select g.*, sum(t.status = 'done') as done, sum(t.status = 'failed') as failed, sum(t.status = 'running') as running,
              coalesce(sum(t.passes), 0) as passes
       from goals g left join goal_trials gt using (goal) left join trials t using (trial, engine)
       group by g.goal order by g.started_at, g.goal`,
    );
    return rows.map(goalOf);
  }

  /** The goal whose hash begins with `prefix`; without one the last that was asked. @throws InputError when there is none. */
  goal(prefix?: string): GoalRow {
    const goals = this.goals();
    const found = prefix === undefined ? goals.slice(-1) : goals.filter(({ goal }) => goal.startsWith(prefix));
    if (found.length === 1) return found[0];
    if (prefix === undefined) throw new InputError({ file: this.file, message: 'holds no goal yet' });
    const known = goals.map(({ goal }) => goal.slice(0, 8)).join(', ');
    const message = found.length === 0 ? `no goal begins with "${prefix}"` : `several goals begin with "${prefix}"`;
    throw new InputError({ file: this.file, path: '--goal', message, hint: `there are ${known}` });
  }

  /** Of one goal in ask order, or of all goals. */
  trials(goal?: string): TrialRow[] {
    const rows =
      goal === undefined
        ? this.#database.all('select * from trials order by trial, engine')
        : this.#database.all(
            `select t.* from goal_trials gt join trials t using (trial, engine) where gt.goal = ?
             order by gt.position, t.trial, t.engine`,
            goal,
          );
    return rows.map(trialOf);
  }

  /** Takes in what another study knows and this one does not; returns how many trials came. */
  merge(other: StudyFile): number {
    return this.#database.transaction(() => {
      for (const table of ['goals', 'goal_trials']) this.#copy(other, table, `select * from ${table}`);
      this.#database.run(
        `delete from trials where status = 'running' and claimed_by not in (select id from claimants)`,
      );
      return this.#copy(other, 'trials', `select * from trials where status <> 'running'`);
    });
  }

  /** Removes a goal and the trials that no other goal asked for; returns how many trials went. */
  removeGoal(goal: string): number {
    return this.#removing(() => {
      this.#database.run('delete from goal_trials where goal = ?', goal);
      this.#database.run('delete from goals where goal = ?', goal);
      return this.#database.run(
        `delete from trials where not exists
           (select 1 from goal_trials gt where gt.trial = trials.trial and gt.engine = trials.engine)`,
      );
    });
  }

  /** Removes the trials of programs with other code; returns how many. */
  removeForeign(engine: string): number {
    return this.#removing(() => {
      this.#database.run('delete from goal_trials where engine <> ?', engine);
      return this.#database.run('delete from trials where engine <> ?', engine);
    });
  }

  close(): void {
    this.#database.close();
  }

  #removing(work: () => number): number {
    const removed = this.#database.transaction(work);
    this.#database.script('vacuum');
    return removed;
  }

  #copy(other: StudyFile, table: string, query: string): number {
    let copied = 0;
    for (const row of other.#database.all(query)) {
      const names = Object.keys(row).filter((name) => !name.startsWith('_'));
      const holes = names.map(() => '?').join(', ');
      copied += this.#database.run(
        `insert or ignore into ${table} (${names.join(', ')}) values (${holes})`,
        ...names.map((name) => row[name]),
      );
    }
    return copied;
  }
}

function goalOf(row: Row): GoalRow {
  return {
    goal: String(row.goal),
    status: row.status as GoalRow['status'],
    version: String(row.version),
    startedAt: String(row.started_at),
    endedAt: row.ended_at === null ? null : String(row.ended_at),
    objectives: JSON.parse(String(row.objectives)),
    config: JSON.parse(String(row.config)),
    recommendation: row.recommendation === null ? null : JSON.parse(String(row.recommendation)),
    done: Number(row.done ?? 0),
    failed: Number(row.failed ?? 0),
    running: Number(row.running ?? 0),
    passes: Number(row.passes),
  };
}
