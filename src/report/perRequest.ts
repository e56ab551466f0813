import { NS_PER_MS } from '../base/units.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import { OUTCOME } from '../engine/requestLog.ts';
import { e2eNs, queueNs, tpotNs, ttftNs } from '../metrics/latency.ts';
import type { Workload } from '../workload/workload.ts';
import { toCsv } from './csv.ts';

/** One submitted request. Times in ms; null where the request never got so far. */
export interface RequestRow {
  /** Number in the workload. */
  readonly request: number;
  readonly class: string;
  readonly outcome: keyof typeof OUTCOME;
  readonly arrival_ms: number;
  readonly scheduled_ms: number | null;
  readonly ttft_ms: number | null;
  /** null with a single output token. */
  readonly tpot_ms: number | null;
  readonly max_gap_ms: number | null;
  readonly e2e_ms: number | null;
  readonly queue_ms: number | null;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly reused_tokens: number;
  readonly preemptions: number;
  readonly pool: number | null;
  readonly replica: number | null;
}

const COLUMNS: readonly (keyof RequestRow)[] = [
  'request',
  'class',
  'outcome',
  'arrival_ms',
  'scheduled_ms',
  'ttft_ms',
  'tpot_ms',
  'max_gap_ms',
  'e2e_ms',
  'queue_ms',
  'input_tokens',
  'output_tokens',
  'reused_tokens',
  'preemptions',
  'pool',
  'replica',
];

/** Submitted requests as CSV with a header, in the workload's order; empty cells for null. */
export function perRequestCsv(result: SimulationResult, workload: Workload): string {
  const rows = rowsOf(result, workload).map((row) => COLUMNS.map((column) => String(row[column] ?? '')));
  return toCsv([COLUMNS, ...rows]);
}

/** Submitted requests as JSON Lines, in the workload's order. */
export function perRequestJsonl(result: SimulationResult, workload: Workload): string {
  return rowsOf(result, workload)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('');
}

function rowsOf(result: SimulationResult, workload: Workload): RequestRow[] {
  const rows: RequestRow[] = [];
  for (let request = 0; request < result.log.count; request++) {
    if (result.log.arrivalNs[request] >= 0) rows.push(rowOf(result, workload, request));
  }
  return rows;
}

function rowOf({ log, workers }: SimulationResult, workload: Workload, request: number): RequestRow {
  const completed = log.outcome[request] === OUTCOME.completed;
  const outputTokens = workload.outputTokens[request];
  const worker = workers[log.worker[request]];
  const ms = (reached: boolean, ns: number): number | null => (reached ? ns / NS_PER_MS : null);
  return {
    request,
    class: workload.classNames[workload.classOf[request]],
    outcome: outcomeName(log.outcome[request]),
    arrival_ms: log.arrivalNs[request] / NS_PER_MS,
    scheduled_ms: ms(log.scheduledNs[request] >= 0, log.scheduledNs[request]),
    ttft_ms: ms(log.firstTokenNs[request] >= 0, ttftNs(log, request)),
    tpot_ms: ms(completed && outputTokens >= 2, tpotNs(log, request, outputTokens)),
    max_gap_ms: ms(completed && outputTokens >= 2, log.maxGapNs[request]),
    e2e_ms: ms(completed, e2eNs(log, request)),
    queue_ms: ms(completed, queueNs(log, request)),
    input_tokens: workload.inputTokens[request],
    output_tokens: outputTokens,
    reused_tokens: log.reusedTokens[request],
    preemptions: log.preemptions[request],
    pool: worker?.pool ?? null,
    replica: worker?.replica ?? null,
  };
}

function outcomeName(outcome: number): keyof typeof OUTCOME {
  return (Object.keys(OUTCOME) as (keyof typeof OUTCOME)[]).find((name) => OUTCOME[name] === outcome)!;
}
