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

export interface MooncakeOptions extends TraceReaderOptions {
  /** Of `timestamp`; delays are ms always. Default ms, as Mooncake has it. */
  readonly timestampUnit?: 'ms' | 's';
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads Mooncake traces (FAST'25 release), one JSON object a line: `timestamp` or `created_time` (ms; a session's later
 * lines may leave it out), `input_length` or `input_tokens`, `output_length` or `output_tokens`, optional `hash_ids` (one
 * per started block of the prompt, so exactly ceil(input / block) of them: anything else means that the block size is
 * wrong), `session_id`, `delay` or `delay_ms` (from the previous turn's completion), `class` and `priority` (whole, less goes
 * first). Other fields are ignored.
 */
export class MooncakeReader implements TraceReader {
  readonly #options: MooncakeOptions;
  readonly #nsPerUnit: number;
  readonly #log: LineLog;
  readonly #builder: WorkloadBuilder;
  readonly #clock = new ClockOrigin();
  readonly #decoder = new TextDecoder();
  #rest = '';
  #line = 0;

  /** @param file as the user named it, for messages */
  constructor(file: string, options: MooncakeOptions) {
    this.#options = options;
    this.#nsPerUnit = options.timestampUnit === 's' ? NS_PER_S : NS_PER_MS;
    this.#log = new LineLog(file, options.skipBadLines);
    this.#builder = new WorkloadBuilder(file, options.blockTokens);
  }

  push(chunk: Uint8Array | string): void {
    const text = this.#rest + (typeof chunk === 'string' ? chunk : this.#decoder.decode(chunk, { stream: true }));
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#readLine(text.slice(start, end));
      start = end + 1;
    }
    this.#rest = text.slice(start);
  }

  end(): Workload {
    const last = this.#rest + this.#decoder.decode();
    if (last !== '') this.#readLine(last);
    this.#log.finish(this.#builder);
    return this.#builder.build();
  }

  #readLine(text: string): void {
    this.#line += 1;
    if (text.trim() === '') return;
    this.#log.guard(this.#line, () => this.#addRequest(parseObject(text)));
  }

  #addRequest(fields: Fields): void {
    const session = readName(fields, 'session_id');
    const arrival = readNumber(fields, ['timestamp', 'created_time']);
    if (arrival === undefined && (session === undefined || !this.#builder.hasSession(session))) {
      throw new BadLine('timestamp', 'is missing');
    }
    const inputTokens = readTokens(fields, ['input_length', 'input_tokens'], 1);
    const outputTokens = readTokens(fields, ['output_length', 'output_tokens'], 0);
    const delay = readNumber(fields, ['delay', 'delay_ms']);
    const className = readName(fields, 'class');
    const priority = readPriority(fields);
    const blockIds = readHashIds(fields, inputTokens, this.#options.blockTokens);
    this.#builder.add({
      inputTokens,
      outputTokens: this.#log.raiseOutput(outputTokens),
      ...(arrival === undefined ? {} : { arrivalNs: this.#clock.toNs(arrival, this.#nsPerUnit) }),
      ...(session === undefined ? {} : { session }),
      ...(delay === undefined ? {} : { thinkNs: Math.round(delay * NS_PER_MS) }),
      ...(blockIds === undefined ? {} : { blockIds }),
      ...(className === undefined ? {} : { className }),
      ...(priority === undefined ? {} : { priority }),
    });
  }
}

function parseObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadLine(undefined, 'is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadLine(undefined, 'must be a JSON object');
  }
  return value as Fields;
}

/** The first of `names` that is there, under its own name. */
function pick(fields: Fields, names: readonly string[]): { name: string; value: unknown } | undefined {
  const name = names.find((candidate) => fields[candidate] !== undefined && fields[candidate] !== null);
  return name === undefined ? undefined : { name, value: fields[name] };
}

function readNumber(fields: Fields, names: readonly string[]): number | undefined {
  const found = pick(fields, names);
  if (found === undefined) return undefined;
  if (typeof found.value !== 'number' || !(found.value >= 0) || !Number.isFinite(found.value)) {
    throw new BadLine(found.name, `must be a number, at least 0, got ${show(found.value)}`);
  }
  return found.value;
}

function readTokens(fields: Fields, names: readonly string[], min: number): number {
  const found = pick(fields, names);
  if (found === undefined) throw new BadLine(names[0], 'is missing');
  const value = found.value;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > MAX_TOKENS) {
    throw new BadLine(found.name, `must be a whole number of tokens, at least ${min}, got ${show(value)}`);
  }
  return value;
}

function readName(fields: Fields, name: string): string | undefined {
  const found = pick(fields, [name]);
  if (found === undefined) return undefined;
  if (typeof found.value !== 'string' && typeof found.value !== 'number') {
    throw new BadLine(found.name, `must be a string or a number, got ${show(found.value)}`);
  }
  return String(found.value);
}

function readPriority(fields: Fields): number | undefined {
  const found = pick(fields, ['priority']);
  if (found === undefined) return undefined;
  const value = found.value;
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > MAX_PRIORITY) {
    throw new BadLine(found.name, `must be a whole number, got ${show(value)}`);
  }
  return value;
}

function readHashIds(fields: Fields, inputTokens: number, blockTokens: number): readonly number[] | undefined {
  const ids = fields.hash_ids;
  if (ids === undefined || ids === null) return undefined;
  if (!Array.isArray(ids)) throw new BadLine('hash_ids', `must be a list of whole numbers, got ${show(ids)}`);
  if (ids.length === 0) return undefined;
  for (const id of ids) {
    if (!Number.isSafeInteger(id)) throw new BadLine('hash_ids', `must hold whole numbers, got ${show(id)}`);
  }
  const blocks = Math.ceil(inputTokens / blockTokens);
  if (ids.length !== blocks) {
    throw new BadLine(
      'hash_ids',
      `has ${ids.length} ids, but ${inputTokens} tokens make ${blocks} blocks of ${blockTokens} tokens`,
      'is block_size the one of the trace?',
    );
  }
  return ids;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
