/** One thing wrong with what the user gave us. Text is rendered at the edge; here it is only facts. */
export interface InputIssue {
  /** File the mistake is in, as the user named it; absent for flags. */
  readonly file?: string;
  /** 1-based. */
  readonly line?: number;
  /** 1-based. */
  readonly column?: number;
  /** Dotted path of the field (`traffic.load.concurrency`), or the flag (`--gpu`). */
  readonly path?: string;
  readonly message: string;
  /** What probably was meant, e.g. `did you mean "h200_sxm"?`. */
  readonly hint?: string;
}

/** The user's input is wrong: one or more issues, no stack trace, exit code 2. Anything else thrown is a bug. */
export class InputError extends Error {
  readonly issues: readonly InputIssue[];

  constructor(issues: InputIssue | readonly InputIssue[]) {
    const list = Array.isArray(issues) ? (issues as readonly InputIssue[]) : [issues as InputIssue];
    super(list.map(formatIssue).join('\n'));
    this.name = 'InputError';
    this.issues = list;
  }
}

/** `file.yaml:12:9 traffic.load.requests_per_second: must be greater than 0, got -3 (hint)`. */
export function formatIssue(issue: InputIssue): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).join(':');
  const head = [place, issue.path].filter((part) => part !== undefined && part !== '').join(' ');
  const hint = issue.hint === undefined ? '' : ` (${issue.hint})`;
  return `${head === '' ? '' : `${head}: `}${issue.message}${hint}`;
}
