import Papa from 'papaparse';
import { InputError } from '../../base/inputError.ts';
import { NS_PER_MS, NS_PER_S } from '../../base/units.ts';
import {
  BadLine,
  ClockOrigin,
  LineLog,
  MAX_PRIORITY,
  MAX_TOKENS,
  type TraceReader,
  type TraceReaderOptions,
} from '../traceReader.ts';
import type { Workload } from '../workload.ts';
import { WorkloadBuilder } from '../workloadBuilder.ts';
import { parseDatetime } from './timestamp.ts';

/** Which columns of the file hold what, by the names in its header. */
export interface CsvColumns {
  readonly timestamp: string;
  readonly inputTokens: string;
  readonly outputTokens: string;
  readonly sessionId?: string;
  readonly class?: string;
  /** Whole numbers, less goes first. */
  readonly priority?: string;
}

export type TimestampUnit = 'ms' | 's' | 'datetime';

export interface CsvOptions extends TraceReaderOptions {
  readonly columns: CsvColumns;
  readonly timestampUnit: TimestampUnit;
}

/** The columns of the Azure LLM inference traces of 2023 (github.com/Azure/AzurePublicDataset). */
export const AZURE_2023: Pick<CsvOptions, 'columns' | 'timestampUnit'> = {
  columns: { timestamp: 'TIMESTAMP', inputTokens: 'ContextTokens', outputTokens: 'GeneratedTokens' },
  timestampUnit: 'datetime',
};

/** Where each field stands in a row; -1: nowhere. */
interface Positions {
  readonly timestamp: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly sessionId: number;
  readonly class: number;
  readonly priority: number;
}

/**
 * Reads a CSV file with a header line (RFC 4180; the delimiter is found out). Nothing in it names content, so prompts
 * share nothing. The text is kept until the end: meant for files of up to some hundred megabytes.
 */
export class CsvReader implements TraceReader {
  readonly #file: string;
  readonly #options: CsvOptions;
  readonly #log: LineLog;
  readonly #builder: WorkloadBuilder;
  readonly #clock = new ClockOrigin();
  readonly #decoder = new TextDecoder();
  readonly #parts: string[] = [];

  /** @param file as the user named it, for messages */
  constructor(file: string, options: CsvOptions) {
    this.#file = file;
    this.#options = options;
    this.#log = new LineLog(file, options.skipBadLines);
    this.#builder = new WorkloadBuilder(file, options.blockTokens);
  }

  push(chunk: Uint8Array | string): void {
    this.#parts.push(typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true }));
  }

  end(): Workload {
    this.#parts.push(this.#decoder.decode());
    const text = this.#parts
      .join('')
      .replace(/^\uFEFF/, '')
      .replaceAll('\r\n', '\n');
    let positions: Positions | undefined;
    let line = 1;
    let lineStart = 0;
    Papa.parse<string[]>(text, {
      newline: '\n',
      step: ({ data, errors, meta }) => {
        if (positions === undefined) positions = this.#findColumns(data);
        else this.#readRow(line, data, errors[0]?.message, positions);
        line += countNewlines(text, lineStart, meta.cursor);
        lineStart = meta.cursor;
      },
    });
    this.#log.finish(this.#builder);
    return this.#builder.build();
  }

  #findColumns(header: readonly string[]): Positions {
    const names = header.map((name) => name.trim());
    const find = (name: string | undefined) => {
      if (name === undefined) return -1;
      const position = names.indexOf(name);
      if (position >= 0) return position;
      const message = `has no column "${name}", its columns are ${names.join(', ')}`;
      throw new InputError({ file: this.#file, line: 1, message });
    };
    const { columns } = this.#options;
    return {
      timestamp: find(columns.timestamp),
      inputTokens: find(columns.inputTokens),
      outputTokens: find(columns.outputTokens),
      sessionId: find(columns.sessionId),
      class: find(columns.class),
      priority: find(columns.priority),
    };
  }

  #readRow(line: number, row: readonly string[], quoting: string | undefined, positions: Positions): void {
    if (row.length === 1 && row[0].trim() === '') return;
    const { columns } = this.#options;
    this.#log.guard(line, () => {
      if (quoting !== undefined) throw new BadLine(undefined, quoting);
      const inputTokens = readTokens(row[positions.inputTokens], columns.inputTokens, 1);
      const outputTokens = readTokens(row[positions.outputTokens], columns.outputTokens, 0);
      const arrivalNs = this.#readTime(row[positions.timestamp], columns.timestamp);
      const session = (row[positions.sessionId] ?? '').trim();
      const className = (row[positions.class] ?? '').trim();
      const priority = readPriority(row[positions.priority], columns.priority);
      this.#builder.add({
        arrivalNs,
        inputTokens,
        outputTokens: this.#log.raiseOutput(outputTokens),
        ...(session === '' ? {} : { session }),
        ...(className === '' ? {} : { className }),
        ...(priority === 0 ? {} : { priority }),
      });
    });
  }

  #readTime(text: string | undefined, column: string): number {
    const unit = this.#options.timestampUnit;
    if (text === undefined || text.trim() === '') throw new BadLine(column, 'is missing');
    if (unit === 'datetime') {
      const time = parseDatetime(text);
      if (time === null)
        throw new BadLine(column, `must be a date and time like 2023-11-16 18:15:46.68, got "${text}"`);
      return this.#clock.toNs(time.seconds, NS_PER_S, time.ns);
    }
    const value = Number(text);
    if (!Number.isFinite(value)) {
      const hint = parseDatetime(text) === null ? undefined : 'is timestamp_unit datetime?';
      throw new BadLine(column, `must be a number of ${unit}, got "${text}"`, hint);
    }
    return this.#clock.toNs(value, unit === 's' ? NS_PER_S : NS_PER_MS);
  }
}

function readTokens(text: string | undefined, column: string, min: number): number {
  if (text === undefined || text.trim() === '') throw new BadLine(column, 'is missing');
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > MAX_TOKENS) {
    throw new BadLine(column, `must be a whole number of tokens, at least ${min}, got "${text}"`);
  }
  return value;
}

function readPriority(text: string | undefined, column: string | undefined): number {
  if (text === undefined || text.trim() === '') return 0;
  const value = Number(text);
  if (!Number.isInteger(value) || Math.abs(value) > MAX_PRIORITY) {
    throw new BadLine(column, `must be a whole number, got "${text}"`);
  }
  return value;
}

function countNewlines(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
