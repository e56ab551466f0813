import type { InputIssue } from '../base/inputError.ts';

export interface Mapped {
  /** In the words of the command. */
  readonly from: string;
  /** Path in the configuration. */
  readonly path: string;
  readonly value: unknown;
}

export interface Passed {
  readonly from: string;
  readonly reason: string;
}

/** What became of every flag of a launch command, or field of another simulator's file. */
export class ImportNotes {
  readonly mapped: Mapped[] = [];
  /** Changes no figure, or cannot be told apart here. */
  readonly ignored: Passed[] = [];
  /** Taken for granted, since the command does not say. */
  readonly assumed: Passed[] = [];
  /** Would change the answer. */
  readonly refused: InputIssue[] = [];

  map(from: string, path: string, value: unknown): void {
    this.mapped.push({ from, path, value });
  }

  ignore(from: string, reason: string): void {
    this.ignored.push({ from, reason });
  }

  assume(from: string, reason: string): void {
    this.assumed.push({ from, reason });
  }

  refuse(from: string, message: string, hint?: string): void {
    this.refused.push({ path: from, message, ...(hint === undefined ? {} : { hint }) });
  }
}
