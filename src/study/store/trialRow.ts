import type { Report } from '../../metrics/report.ts';
import type { Row } from './database.ts';

/** A trial as a study keeps it. */
export interface TrialRow {
  readonly trial: string;
  readonly engine: string;
  readonly status: 'running' | 'done' | 'failed';
  readonly kind: string;
  readonly contentHash: string;
  readonly config: unknown;
  readonly seed: number;
  readonly version: string;
  readonly finishedAt: string | null;
  readonly passes: number | null;
  readonly message: string | null;
  /** null where the trial was stopped before its end. */
  readonly report: Report | null;
}

export function trialOf(row: Row): TrialRow {
  return {
    trial: String(row.trial),
    engine: String(row.engine),
    status: row.status as TrialRow['status'],
    kind: String(row.kind),
    contentHash: String(row.content_hash),
    config: JSON.parse(String(row.config)),
    seed: Number(row.seed),
    version: String(row.version),
    finishedAt: row.finished_at === null ? null : String(row.finished_at),
    passes: row.passes === null ? null : Number(row.passes),
    message: row.message === null ? null : String(row.message),
    report: row.report === null ? null : JSON.parse(String(row.report)),
  };
}
