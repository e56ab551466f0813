import { InputError } from '../../base/inputError.ts';
import type { Database } from './database.ts';
import { METRICS_VIEW } from './metricsView.ts';

/**
 * The schema, version by version: entry k brings a file of version k to version k + 1. Entries are never changed once
 * released. docs/studies.md describes the tables for those who query them.
 */
const MIGRATIONS: readonly string[] = [
  `create table goals (
     goal text primary key,
     config text not null,
     objectives text not null,
     version text not null,
     status text not null check (status in ('running', 'done', 'truncated')),
     started_at text not null,
     ended_at text,
     recommendation text
   );
   create table trials (
     trial text not null,
     engine text not null,
     status text not null check (status in ('running', 'done', 'failed')),
     kind text not null,
     content_hash text not null,
     config text not null,
     seed integer not null,
     version text not null,
     claimed_by text not null,
     finished_at text,
     passes integer,
     message text,
     report text,
     rest text,
     primary key (trial, engine)
   ) without rowid;
   create table goal_trials (
     goal text not null references goals (goal) on delete cascade,
     trial text not null,
     engine text not null,
     position integer not null,
     primary key (goal, trial, engine)
   ) without rowid;
   create table claimants (id text primary key, host text not null, pid integer not null, seen_ms integer not null);
   ${METRICS_VIEW}`,
];

/** Brings the file's schema up to date; a file of a newer program is refused. */
export function migrate(database: Database, file: string): void {
  const versionOf = (): number => Number(database.first('pragma user_version')?.user_version ?? 0);
  const found = versionOf();
  if (found > MIGRATIONS.length) {
    throw new InputError({
      file,
      message: `has schema ${found}, this dynosim knows up to ${MIGRATIONS.length}`,
      hint: 'use the version that wrote it, or a newer one',
    });
  }
  if (found === MIGRATIONS.length) return;
  database.transaction(() => {
    // Another process may have done it while this one waited.
    const from = versionOf();
    if (from === 0 && database.first("select 1 from sqlite_master where type = 'table' limit 1") !== undefined) {
      throw new InputError({ file, message: 'is a database, but not a study' });
    }
    for (const migration of MIGRATIONS.slice(from)) database.script(migration);
    database.script(`pragma user_version = ${MIGRATIONS.length}`);
  });
}
