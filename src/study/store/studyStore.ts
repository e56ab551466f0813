import { canonicalJson } from '../../base/canonicalJson.ts';
import { Claimant } from './claimant.ts';
import { Database } from './database.ts';
import { migrate } from './migrations.ts';

/** What a trial is, for whoever reads the file. */
export interface TrialFacts {
  /** Hash of everything its result depends on but the program. */
  readonly key: string;
  readonly kind: string;
  /** Of the configuration and its source, whatever is done with them. */
  readonly contentHash: string;
  readonly config: unknown;
  readonly seed: number;
}

/** A result as it is kept: the report for queries, the rest for the search. */
export interface StoredResult {
  readonly passes: number;
  readonly report: unknown;
  readonly rest: unknown;
}

export type StoredTrial =
  | { readonly status: 'done'; readonly result: StoredResult }
  | { readonly status: 'failed'; readonly message: string };

/** `claimed`: this process is to run it. `busy`: another one is about to. */
export type Claim = { readonly status: 'claimed' } | { readonly status: 'busy' } | StoredTrial;

/** A question that the study's trials answer. */
export interface GoalRecord {
  /** Its `config_hash`. */
  readonly goal: string;
  readonly config: unknown;
  readonly objectives: readonly { readonly metric: string; readonly direction: 'minimize' | 'maximize' }[];
}

/** The program that computes: trials of another `engine` (see `engineFingerprint`) are not its own. */
export interface StudyProgram {
  readonly version: string;
  readonly engine: string;
}

/** A study file open for work: every trial is claimed before it runs and committed before it is reported. */
export class StudyStore {
  readonly #database: Database;
  readonly #program: StudyProgram;
  readonly #claimant: Claimant;
  /** Trials this process has added. */
  committed = 0;
  #goal: string | null = null;
  #position = 0;

  private constructor(database: Database, program: StudyProgram) {
    this.#database = database;
    this.#program = program;
    this.#claimant = new Claimant(database);
  }

  /** Opens the study, or creates it. @throws InputError when it cannot be read or written. */
  static async open(file: string, program: StudyProgram): Promise<StudyStore> {
    const database = await Database.open(file, 'create');
    migrate(database, file);
    return new StudyStore(database, program);
  }

  /** Trials kept that a program with other code computed, by its version: this one computes them anew. */
  foreignTrials(): { readonly version: string; readonly count: number }[] {
    const rows = this.#database.all(
      `select version, count(*) as count from trials where engine <> ? and status <> 'running'
       group by version order by version`,
      this.#program.engine,
    );
    return rows.map(({ version, count }) => ({ version: String(version), count: Number(count) }));
  }

  /** The trials that follow are asked for this goal. */
  begin({ goal, config, objectives }: GoalRecord): void {
    this.#goal = goal;
    this.#position = 0;
    this.#database.run(
      `insert into goals (goal, config, objectives, version, status, started_at) values (?, ?, ?, ?, 'running', ?)
       on conflict (goal) do update set version = excluded.version, status = 'running', ended_at = null`,
      goal,
      canonicalJson(config),
      JSON.stringify(objectives),
      this.#program.version,
      new Date().toISOString(),
    );
  }

  /** The goal has its answer, or was cut off. */
  finish(status: 'done' | 'truncated', recommendation: unknown): void {
    this.#database.run(
      'update goals set status = ?, ended_at = ?, recommendation = ? where goal = ?',
      status,
      new Date().toISOString(),
      JSON.stringify(recommendation),
      this.#goal,
    );
  }

  /** Everything `work` writes is committed at once, or nothing of it. */
  together(work: () => void): void {
    this.#database.transaction(work);
  }

  /** What is known of a trial; if nothing is, and nobody living is at it, it becomes this process's. */
  claim(facts: TrialFacts): Claim {
    return this.#database.transaction(() => {
      const { engine, version } = this.#program;
      if (this.#goal !== null) {
        this.#database.run(
          'insert or ignore into goal_trials values (?, ?, ?, ?)',
          this.#goal,
          facts.key,
          engine,
          this.#position++,
        );
      }
      const known = this.#find(facts.key);
      if (known !== null) return known;
      this.#database.run(
        `insert or replace into trials (trial, engine, status, kind, content_hash, config, seed, version, claimed_by)
         values (?, ?, 'running', ?, ?, ?, ?, ?, ?)`,
        facts.key,
        engine,
        facts.kind,
        facts.contentHash,
        canonicalJson(facts.config),
        facts.seed,
        version,
        this.#claimant.id,
      );
      return { status: 'claimed' };
    });
  }

  /** Commits what became of a claimed trial. */
  settle(key: string, trial: StoredTrial): void {
    const done = trial.status === 'done' ? trial.result : null;
    this.committed += 1;
    this.#database.run(
      `update trials set status = ?, finished_at = ?, passes = ?, message = ?, report = ?, rest = ?
       where trial = ? and engine = ?`,
      trial.status,
      new Date().toISOString(),
      done?.passes ?? null,
      trial.status === 'failed' ? trial.message : null,
      done === null || done.report === null ? null : JSON.stringify(done.report),
      done === null ? null : JSON.stringify(done.rest),
      key,
      this.#program.engine,
    );
  }

  /** A claimed trial was cancelled, or its machine died: whoever comes next may have it. */
  release(key: string): void {
    this.#database.run(
      `delete from trials where trial = ? and engine = ? and status = 'running' and claimed_by = ?`,
      key,
      this.#program.engine,
      this.#claimant.id,
    );
  }

  close(): void {
    this.#claimant.leave();
    this.#database.close();
  }

  #find(key: string): Claim | null {
    const row = this.#database.first(
      'select status, claimed_by, passes, message, report, rest from trials where trial = ? and engine = ?',
      key,
      this.#program.engine,
    );
    if (row === undefined) return null;
    if (row.status === 'running') {
      return this.#claimant.isAlive(String(row.claimed_by)) ? { status: 'busy' } : null;
    }
    if (row.status === 'failed') return { status: 'failed', message: String(row.message) };
    const report: unknown = row.report === null ? null : JSON.parse(String(row.report));
    return { status: 'done', result: { passes: Number(row.passes), report, rest: JSON.parse(String(row.rest)) } };
  }
}
