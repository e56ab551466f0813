import { METRICS, metricValue } from '../../metrics/metricNames.ts';
import type { TrialRow } from './trialRow.ts';

/** Trials as a table: who they are, then every metric by its name; null where a trial has none or it is not finite. */
export interface TrialTable {
  readonly text: Readonly<Record<string, readonly (string | null)[]>>;
  readonly numbers: Readonly<Record<string, readonly (number | null)[]>>;
}

export function trialTable(trials: readonly TrialRow[]): TrialTable {
  const text = {
    trial: trials.map(({ trial }) => trial),
    engine: trials.map(({ engine }) => engine),
    status: trials.map(({ status, report }) => (status === 'done' && report === null ? 'stopped_early' : status)),
    kind: trials.map(({ kind }) => kind),
    content_hash: trials.map(({ contentHash }) => contentHash),
    config_hash: trials.map(({ report }) => report?.config_hash ?? null),
    result_hash: trials.map(({ report }) => report?.result_hash ?? null),
    version: trials.map(({ version }) => version),
    finished_at: trials.map(({ finishedAt }) => finishedAt),
    message: trials.map(({ message }) => message),
    config: trials.map(({ config }) => JSON.stringify(config)),
  };
  const numbers: Record<string, (number | null)[]> = {
    seed: trials.map(({ seed }) => seed),
    passes: trials.map(({ passes }) => passes),
    slo_met: trials.map(({ report }) => (report === null ? null : Number(report.slo.met))),
    worst_slack: trials.map(({ report }) => report?.slo.worst_slack ?? null),
  };
  for (const metric of METRICS) {
    numbers[metric] = trials.map(({ report }) => {
      const value = report === null ? null : metricValue(report, metric);
      return value !== null && Number.isFinite(value) ? value : null;
    });
  }
  return { text, numbers };
}

/** Parquet, one row group, the columns of `trialTable`. */
export async function trialsParquet(trials: readonly TrialRow[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const { text, numbers } = trialTable(trials);
  const buffer = parquetWriteBuffer({
    columnData: [
      ...Object.entries(text).map(([name, data]) => ({
        name,
        data: [...data],
        type: 'STRING' as const,
        nullable: true,
      })),
      ...Object.entries(numbers).map(([name, data]) => ({
        name,
        data: [...data],
        type: 'DOUBLE' as const,
        nullable: true,
      })),
    ],
  });
  return new Uint8Array(buffer);
}
