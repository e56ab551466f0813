import { InputError } from '../base/inputError.ts';
import { BACKENDS, type Backend } from '../catalog/engineProfile.ts';
import type { KvDtype, WeightDtype } from '../catalog/model.ts';
import { EXPERT_EXCHANGES, type Parallelism } from '../timing/replica.ts';
import { readCsvTable } from '../workload/csvTable.ts';
import type { LaunchRecipe, MeasuredPoint } from './measuredPoint.ts';

type Row = Readonly<Record<string, string>>;

const DTYPES: Readonly<Record<string, WeightDtype>> = {
  bfloat16: 'bf16',
  bf16: 'bf16',
  fp8: 'fp8',
  fp8_block: 'fp8_block',
  nvfp4: 'nvfp4',
  mxfp4: 'mxfp4',
  w4a8_mxfp4_mxfp8: 'mxfp4',
  w4a16_mxfp4: 'mxfp4',
  int4: 'int4',
  int4_wo: 'int4',
};

/**
 * Measured points of a CSV file with one run a line. Columns (see docs/calibration.md): `model, system, backend, gemm_dtype,
 * input_tokens, output_tokens, concurrency, tensor, ttft_mean_ms, tpot_mean_ms` are needed, the rest has defaults.
 * @throws InputError naming file, line and column.
 */
export function readPoints(text: string, file: string, names: ColumnNames = {}): MeasuredPoint[] {
  const table = readCsvTable(text, file);
  const { columns, rows } = renamed(table, names, file);
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    throw new InputError({
      file,
      line: 1,
      message: `lacks the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`,
    });
  }
  return rows.map((row, index) => pointOf(new RowReader(row, file, index + 2)));
}

/** A file's own names of columns by ours, and values by our column for what is the same in every row. */
export interface ColumnNames {
  readonly theirs?: Readonly<Record<string, string>>;
  readonly same?: Readonly<Record<string, string>>;
}

/** The table under our names. */
function renamed(
  { columns, rows }: { readonly columns: readonly string[]; readonly rows: readonly Row[] },
  { theirs = {}, same = {} }: ColumnNames,
  file: string,
): { columns: readonly string[]; rows: readonly Row[] } {
  const absent = Object.values(theirs).find((name) => !columns.includes(name));
  if (absent !== undefined) throw new InputError({ file, line: 1, message: `has no column "${absent}"` });
  const moved = Object.entries(theirs);
  return {
    columns: [...columns, ...Object.keys(theirs), ...Object.keys(same)],
    rows: rows.map((row) => ({
      ...row,
      ...Object.fromEntries(moved.map(([our, their]) => [our, row[their]])),
      ...same,
    })),
  };
}

const REQUIRED = [
  'model',
  'system',
  'backend',
  'gemm_dtype',
  'input_tokens',
  'output_tokens',
  'concurrency',
  'tensor',
  'ttft_mean_ms',
  'tpot_mean_ms',
];

class RowReader {
  readonly #row: Row;
  readonly #file: string;
  readonly line: number;

  constructor(row: Row, file: string, line: number) {
    this.#row = row;
    this.#file = file;
    this.line = line;
  }

  text(column: string): string {
    return this.#row[column]?.trim() ?? '';
  }

  error(column: string, message: string): InputError {
    return new InputError({ file: this.#file, line: this.line, path: column, message });
  }

  /** A number above 0, or null when the cell is empty. */
  optional(column: string): number | null {
    const text = this.text(column);
    if (text === '') return null;
    const value = Number(text);
    if (!(value >= 0 && Number.isFinite(value))) throw this.error(column, `must be a number, got "${text}"`);
    return value;
  }

  number(column: string): number {
    const value = this.optional(column);
    if (value === null || value === 0) throw this.error(column, 'must be greater than 0');
    return value;
  }

  switch(column: string): boolean | null {
    const text = this.text(column).toLowerCase();
    if (/^(on|true|1|yes|default\(on\)|piecewise)$/.test(text)) return true;
    if (/^(off|false|0|no|default\(off\)|off\(.*\))$/.test(text)) return false;
    return null;
  }
}

function pointOf(row: RowReader): MeasuredPoint {
  const backend = row.text('backend');
  if (!(BACKENDS as readonly string[]).includes(backend))
    throw row.error('backend', `must be one of ${BACKENDS.join(', ')}, got "${backend}"`);
  const weightDtype = dtypeOf(row, 'gemm_dtype');
  const tensor = row.number('tensor');
  const attentionData = row.optional('attention_data') ?? 1;
  const model = row.text('model');
  const id = row.text('id') || `line ${row.line}`;
  return {
    id,
    model,
    hardware: row.text('system'),
    backend: backend as Backend,
    version: row.text('backend_version'),
    precision: row.text('precision'),
    weightDtype,
    expertDtype: row.text('moe_dtype') === '' ? weightDtype : dtypeOf(row, 'moe_dtype'),
    kvDtype: kvDtypeOf(row),
    parallelism: {
      tensor,
      pipeline: row.optional('pipeline') ?? 1,
      attentionData,
      moeTensor: row.optional('moe_tensor') ?? tensor * attentionData,
      moeExpert: row.optional('moe_expert') ?? 1,
      ...exchangeOf(row),
    },
    inputTokens: row.number('input_tokens'),
    outputTokens: row.number('output_tokens'),
    lengthShares: lengthSharesOf(row),
    concurrency: row.number('concurrency'),
    requestsPerSlot: row.optional('requests_per_slot') ?? 10,
    ttftMs: row.number('ttft_mean_ms'),
    tpotMs: row.number('tpot_mean_ms'),
    measured: row.text('measured') || null,
    curve: row.text('curve') || id,
    fold: row.text('fold') || '0',
    trusted: { ttft: row.switch('trusted_ttft') ?? true, tpot: row.switch('trusted_tpot') ?? true },
    note: row.text('note'),
    draftTokens: row.optional('draft_tokens') ?? 0,
    recipeKnown: row.text('recipe_confidence') !== 'none',
    recipe: recipeOf(row),
  };
}

function exchangeOf(row: RowReader): Pick<Parallelism, 'moeExchange' | 'moeImbalance'> {
  const imbalance = row.optional('moe_imbalance');
  const text = row.text('moe_exchange');
  const exchange = EXPERT_EXCHANGES.find((one) => one === text);
  if (exchange === undefined && text !== '')
    throw row.error('moe_exchange', `must be one of ${EXPERT_EXCHANGES.join(', ')}, got "${text}"`);
  return {
    ...(exchange === undefined ? {} : { moeExchange: exchange }),
    ...(imbalance === null ? {} : { moeImbalance: imbalance }),
  };
}

function recipeOf(row: RowReader): LaunchRecipe {
  return {
    maxBatchedTokens: row.optional('max_batched_tokens'),
    maxSequences: row.optional('max_sequences'),
    contextLength: row.optional('max_model_len'),
    memoryFraction: row.optional('memory_fraction'),
    blockTokens: row.optional('block_size'),
    prefixCaching: row.switch('prefix_caching'),
    chunkedPrefill: row.switch('chunked_prefill'),
    pollingInterval: row.optional('polling_interval'),
    batchWaitIterations: row.optional('batch_wait_iterations'),
    batchWaitTokensRatio: row.optional('batch_wait_max_tokens_ratio'),
    balance: row.switch('attention_dp_balance'),
    balanceTimeoutIterations: row.optional('attention_dp_timeout_iterations'),
    balanceBatchingIterations: row.optional('attention_dp_batching_wait_iterations'),
    maxDecodeGraph: row.optional('cuda_graph_max_batch'),
    prefillGraph: row.switch('prefill_graph'),
    asyncScheduling: row.switch('async_scheduling'),
    tokenizers: row.optional('tokenizer_workers'),
  };
}

function dtypeOf(row: RowReader, column: string): WeightDtype {
  const dtype = DTYPES[row.text(column)];
  if (dtype === undefined) throw row.error(column, `"${row.text(column)}" is no weight format`);
  return dtype;
}

function kvDtypeOf(row: RowReader): KvDtype | null {
  const dtype = row.text('kv_dtype_resolved');
  return dtype === 'fp8' || dtype === 'bf16' ? dtype : null;
}

/** `0.8-1.0`, or one number for lengths that do not vary. */
function lengthSharesOf(row: RowReader): [number, number] {
  const shares = row.text('length_range').split('-').map(Number);
  if (row.text('length_range') === '') return [1, 1];
  const [low, high = low] = shares;
  if (!(low > 0 && high >= low)) throw row.error('length_range', 'must be like 0.8-1.0');
  return [low, high];
}
