import { decisionRegret, type RegretSummary } from './decisionRegret.ts';
import { type ErrorSummary, summarizeErrors } from './errors.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import { groupsBy, type Predicted } from './predicted.ts';
import { rankCorrelations } from './rankCorrelation.ts';

/** What predictions are worth against measurements: the JSON of `dynosim validate`. */
export interface Validation {
  readonly rows: number;
  readonly predicted: number;
  readonly overall: MetricErrors;
  readonly groups: readonly ({ readonly by: GroupKey; readonly value: string; readonly rows: number } & MetricErrors)[];
  /** Rows whose values are not trusted, with the reason their file gives. */
  readonly untrusted: readonly ({ readonly note: string; readonly rows: number } & MetricErrors)[];
  readonly rank_correlation: { readonly ttft: number | null; readonly tpot: number | null };
  readonly regret: RegretSummary;
  readonly failures: readonly { readonly id: string; readonly message: string }[];
}

export interface MetricErrors {
  readonly ttft: ErrorSummary | null;
  readonly tpot: ErrorSummary | null;
}

const GROUP_KEYS = {
  backend: (point: MeasuredPoint) => point.backend,
  gpu: (point: MeasuredPoint) => point.hardware,
  model: (point: MeasuredPoint) => point.model,
  precision: (point: MeasuredPoint) => point.precision || 'not told',
  concurrency: (point: MeasuredPoint) => concurrencyClass(point.concurrency),
  group: (point: MeasuredPoint) => `${point.model} ${point.hardware} ${point.backend} ${point.precision}`.trim(),
} as const;
export type GroupKey = keyof typeof GROUP_KEYS;

function concurrencyClass(concurrency: number): string {
  if (concurrency <= 8) return '1-8';
  if (concurrency <= 32) return '9-32';
  return concurrency <= 128 ? '33-128' : 'over 128';
}

export function validationOf(all: readonly Predicted[]): Validation {
  const done = all.filter(({ means }) => means !== null);
  const isTrusted = ({ point }: Predicted) => point.trusted.ttft || point.trusted.tpot;
  const trusted = done.filter(isTrusted);
  return {
    rows: all.length,
    predicted: done.length,
    overall: errorsOf(trusted, true),
    groups: (Object.keys(GROUP_KEYS) as GroupKey[]).flatMap((by) =>
      groupsBy(trusted, ({ point }) => GROUP_KEYS[by](point)).map(([value, group]) => ({
        by,
        value,
        rows: group.length,
        ...errorsOf(group, true),
      })),
    ),
    untrusted: groupsBy(
      done.filter(({ point }) => !(point.trusted.ttft && point.trusted.tpot)),
      ({ point }) => point.note || 'not trusted',
    ).map(([note, group]) => ({ note, rows: group.length, ...errorsOf(group, false) })),
    rank_correlation: rankCorrelations(trusted),
    regret: decisionRegret(trusted),
    failures: all.filter(({ means }) => means === null).map(({ point, message }) => ({ id: point.id, message })),
  };
}

/** Errors over the values that are trusted, or (`trusted` false) over those that are not. */
export function errorsOf(rows: readonly Predicted[], trusted: boolean): MetricErrors {
  const of = (metric: 'ttft' | 'tpot') =>
    summarizeErrors(
      rows
        .filter(({ point, means }) => means !== null && point.trusted[metric] === trusted)
        .map(({ point, means, bands }) => ({
          predicted: means![`${metric}Ms`],
          measured: point[`${metric}Ms`],
          band: bands?.[metric] ?? null,
        })),
    );
  return { ttft: of('ttft'), tpot: of('tpot') };
}
