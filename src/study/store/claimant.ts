import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Database } from './database.ts';

/** How often a process shows that it lives, and after how long a silent one on another machine counts as dead. */
const BEAT_MS = 5_000;
const SILENT_MS = 120_000;

/** A process that works on a study: others leave alone what it has claimed for as long as it lives. */
export class Claimant {
  readonly id = randomUUID();
  readonly #database: Database;
  readonly #timer: NodeJS.Timeout;

  constructor(database: Database) {
    this.#database = database;
    database.run('insert into claimants values (?, ?, ?, ?)', this.id, hostname(), process.pid, Date.now());
    this.#timer = setInterval(() => this.#beat(), BEAT_MS);
    this.#timer.unref();
  }

  /** Whether the process that made a claim may still finish it. */
  isAlive(id: string): boolean {
    if (id === this.id) return true;
    const other = this.#database.first('select host, pid, seen_ms from claimants where id = ?', id);
    if (other === undefined) return false;
    if (other.host === hostname()) return exists(Number(other.pid));
    return Date.now() - Number(other.seen_ms) < SILENT_MS;
  }

  /** Its claims are free from now on. */
  leave(): void {
    clearInterval(this.#timer);
    this.#write('delete from claimants where id = ?', this.id);
  }

  #beat(): void {
    this.#write('update claimants set seen_ms = ? where id = ?', Date.now(), this.id);
  }

  /** A study that cannot be written stops at its next trial, with a message; here nobody would hear it. */
  #write(sql: string, ...values: (string | number)[]): void {
    try {
      this.#database.run(sql, ...values);
    } catch {}
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
