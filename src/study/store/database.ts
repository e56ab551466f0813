import { existsSync } from 'node:fs';
import type Libsql from 'libsql';
import { InputError } from '../../base/inputError.ts';

export type SqlValue = string | number | null;
export type Row = Readonly<Record<string, SqlValue>>;

/** How long a writer waits for another process's transaction. */
const BUSY_TIMEOUT_MS = 20_000;

/**
 * One SQLite file: the few calls the store needs, with what goes wrong said in terms of the file. All failures that the
 * user can do something about (no such file, not a database, read-only, full disk, locked) are InputErrors.
 */
export class Database {
  readonly #file: string;
  readonly #sqlite: Libsql.Database;
  readonly #statements = new Map<string, Libsql.Statement<SqlValue[]>>();

  private constructor(file: string, sqlite: Libsql.Database) {
    this.#file = file;
    this.#sqlite = sqlite;
  }

  /** @param mode `create` makes the file if there is none. */
  static async open(file: string, mode: 'existing' | 'create'): Promise<Database> {
    if (mode === 'existing' && !existsSync(file)) throw new InputError({ file, message: 'there is no such study' });
    // Loaded only by who opens a study: predict never pays for it.
    const { default: Sqlite } = await import('libsql');
    return explain(file, () => {
      const sqlite = new Sqlite(file);
      // The other order fails with "database is locked" when two processes open the file at once.
      sqlite.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
      sqlite.exec('pragma journal_mode = wal');
      // A killed process loses nothing that was committed; only a power cut could.
      sqlite.exec('pragma synchronous = normal');
      return new Database(file, sqlite);
    });
  }

  run(sql: string, ...values: SqlValue[]): number {
    return explain(this.#file, () => this.#statement(sql).run(...values).changes);
  }

  first(sql: string, ...values: SqlValue[]): Row | undefined {
    return explain(this.#file, () => this.#statement(sql).get(...values) as Row | undefined);
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return explain(this.#file, () => this.#statement(sql).all(...values) as Row[]);
  }

  script(sql: string): void {
    explain(this.#file, () => this.#sqlite.exec(sql));
  }

  /** All of it or nothing, with nobody else writing meanwhile; within another transaction, a part of that. */
  transaction<T>(work: () => T): T {
    if (this.#sqlite.inTransaction) return work();
    this.script('begin immediate');
    try {
      const result = work();
      this.script('commit');
      return result;
    } catch (error) {
      // A full disk may have rolled back already.
      if (this.#sqlite.inTransaction) this.#sqlite.exec('rollback');
      throw error;
    }
  }

  close(): void {
    this.#sqlite.close();
  }

  #statement(sql: string): Libsql.Statement<SqlValue[]> {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#sqlite.prepare<SqlValue[]>(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** What SQLite's result codes (sqlite.org/rescode.html) mean to who named the file. */
const EXPLANATIONS: readonly [pattern: RegExp, message: string, hint?: string][] = [
  [
    /SQLITE_FULL|disk is full/i,
    'the disk is full',
    'what was committed is kept: free some space and run the same command',
  ],
  [
    /SQLITE_READONLY|SQLITE_CANTOPEN|unable to open|readonly database|read-only/i,
    'cannot be written',
    'is its folder there, and writable?',
  ],
  [/SQLITE_NOTADB|not a database/i, 'is not a study: SQLite cannot read it'],
  [/SQLITE_CORRUPT|malformed/i, 'is damaged: SQLite cannot read it'],
  [/SQLITE_BUSY|database is locked/i, 'is locked by another process'],
  [/SQLITE_IOERR|disk I\/O error/i, 'cannot be read or written: disk I/O error'],
];

function explain<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const text = `${(error as { code?: string }).code ?? ''} ${(error as Error).message}`;
    const found = EXPLANATIONS.find(([pattern]) => pattern.test(text));
    if (found === undefined) throw error;
    const [, message, hint] = found;
    throw new InputError({ file, message, ...(hint === undefined ? {} : { hint }) });
  }
}
