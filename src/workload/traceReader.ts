import { InputError, type InputIssue } from '../base/inputError.ts';
import type { Workload } from './workload.ts';
import type { WorkloadBuilder } from './workloadBuilder.ts';

/** Reads one trace format from chunks of a file, in order. */
export interface TraceReader {
  /** Bytes (UTF-8) or text; chunks may end anywhere. */
  push(chunk: Uint8Array | string): void;
  /** No more chunks. Throws InputError naming the bad lines, unless they are skipped. */
  end(): Workload;
}

export interface TraceReaderOptions {
  /** Tokens one block id names, >= 1. */
  readonly blockTokens: number;
  /** Leave malformed lines out, and say in a warning how many, instead of failing. */
  readonly skipBadLines: boolean;
}

/** After so many the rest is noise: usually one mistake repeated on every line. */
const MAX_ISSUES = 5;

/** Thrown and caught inside a reader: what is wrong with one line, in which field, perhaps with a hint. */
export class BadLine extends Error {
  readonly issue: Pick<InputIssue, 'path' | 'message' | 'hint'>;

  constructor(path: string | undefined, message: string, hint?: string) {
    super(message);
    this.issue = { message, ...(path === undefined ? {} : { path }), ...(hint === undefined ? {} : { hint }) };
  }
}

/** The largest token count a column holds. */
export const MAX_TOKENS = 2147483647;

/** The farthest from 0 that a priority may be. */
export const MAX_PRIORITY = 2147483647;

/** Counts the oddities of a trace's lines, and turns them into one error or a few warnings. */
export class LineLog {
  readonly #file: string;
  readonly #skipBadLines: boolean;
  readonly #issues: InputIssue[] = [];
  #bad = 0;
  #zeroOutput = 0;

  constructor(file: string, skipBadLines: boolean) {
    this.#file = file;
    this.#skipBadLines = skipBadLines;
  }

  /** Runs `read` for one line; notes the line if it throws BadLine. */
  guard(line: number, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof BadLine)) throw error;
      this.#reject(line, error);
    }
  }

  #reject(line: number, { issue }: BadLine): void {
    this.#bad += 1;
    if (this.#skipBadLines || this.#issues.length === MAX_ISSUES) return;
    this.#issues.push({ file: this.#file, line, ...issue });
  }

  /** An engine always produces a token, so a recorded 0 counts as 1. */
  raiseOutput(outputTokens: number): number {
    if (outputTokens > 0) return outputTokens;
    this.#zeroOutput += 1;
    return 1;
  }

  /** Throws if lines were bad and not to be skipped; otherwise leaves the warnings with the builder. */
  finish(builder: WorkloadBuilder): void {
    if (this.#issues.length > 0) {
      const more = this.#bad - this.#issues.length;
      const rest = more > 0 ? [{ file: this.#file, message: `${more} more bad lines` }] : [];
      throw new InputError([...this.#issues, ...rest]);
    }
    if (builder.count === 0) throw new InputError({ file: this.#file, message: 'holds no requests' });
    if (this.#bad > 0) builder.warn(`${this.#bad} malformed lines were skipped`);
    if (this.#zeroOutput > 0) builder.warn(`${this.#zeroOutput} requests with 0 output tokens count as 1`);
  }
}

/** A recorded clock with its zero at the first time seen, so that absolute times keep their nanoseconds in a float64. */
export class ClockOrigin {
  #origin = Number.NaN;

  /** `units` since any epoch, each `nsPerUnit` long, plus `restNs`, as whole ns since the first call's whole unit. */
  toNs(units: number, nsPerUnit: number, restNs = 0): number {
    if (Number.isNaN(this.#origin)) this.#origin = Math.floor(units);
    return Math.round((units - this.#origin) * nsPerUnit) + restNs;
  }
}
