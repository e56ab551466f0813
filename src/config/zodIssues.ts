/** What zod found, in the words of dynosim's error messages. */
import type { z } from 'zod';
import { didYouMean } from '../base/closest.ts';
import type { InputIssue } from '../base/inputError.ts';
import type { InputDocument } from './inputDocument.ts';
import type { Path } from './paths.ts';

type ZodIssue = z.core.$ZodIssue;

const EXPECTED: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
};

/** Every issue of `error` at its place in `document`, in the order of the file. */
export function zodIssues(
  error: z.core.$ZodError,
  document: InputDocument,
  keysOf: (path: Path) => readonly string[],
): InputIssue[] {
  const found = error.issues.flatMap((issue) => translate(issue, [], document, keysOf));
  return found.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

function translate(
  issue: ZodIssue,
  base: Path,
  document: InputDocument,
  keysOf: (path: Path) => readonly string[],
): InputIssue[] {
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  const got = document.get(path);
  const at = (message: string, hint?: string) => [document.issue(path, message, hint)];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        return document.issue([...path, key], 'unknown key', didYouMean(key, keysOf(path)), 'key');
      });
    case 'invalid_type':
      if (got === undefined) return at('required');
      return at(`must be ${EXPECTED[issue.expected] ?? issue.expected}, got ${show(got)}`);
    case 'too_small':
      if (issue.origin === 'array' || issue.origin === 'string') return at('must not be empty');
      return at(`must be ${issue.inclusive ? 'at least' : 'greater than'} ${issue.minimum}, got ${show(got)}`);
    case 'too_big':
      return at(`must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}, got ${show(got)}`);
    case 'invalid_value':
      return at(...oneOf(issue.values.map(String), got));
    case 'invalid_union':
      return unionIssues(issue, path, document, keysOf);
    default:
      return at(issue.message);
  }
}

/** Of a union, the complaints of the alternative the user seems to have meant. */
function unionIssues(
  issue: ZodIssue & { code: 'invalid_union' },
  path: Path,
  document: InputDocument,
  keysOf: (path: Path) => readonly string[],
): InputIssue[] {
  const got = document.get(path);
  if ('options' in issue && Array.isArray(issue.options)) {
    return [document.issue(path, ...oneOf(issue.options.map(String), got))];
  }
  const alternatives = issue.errors.filter((errors) => !errors.some((each) => isWrongKind(each, got)));
  if (alternatives.length === 0) {
    if (got === undefined) return [document.issue(path, 'required')];
    const wanted = issue.errors.flatMap((errors) => errors.filter((each) => each.path.length === 0).map(wantedKind));
    return [document.issue(path, `must be ${[...new Set(wanted)].join(' or ')}, got ${show(got)}`)];
  }
  const meant = alternatives.reduce((best, each) => (unknownKeys(each) < unknownKeys(best) ? each : best));
  return meant.flatMap((each) => translate(each, path, document, keysOf));
}

function isWrongKind(issue: ZodIssue, got: unknown): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_type') return !(issue.expected === 'int' && typeof got === 'number');
  if (issue.code === 'invalid_union' && !('options' in issue))
    return issue.errors.every((errors) => errors.some((each) => isWrongKind(each, got)));
  return issue.code === 'invalid_value' && typeof got !== 'string';
}

function wantedKind(issue: ZodIssue): string {
  if (issue.code === 'invalid_type') return EXPECTED[issue.expected] ?? issue.expected;
  return issue.code === 'invalid_value' ? issue.values.join(' or ') : 'a mapping';
}

function unknownKeys(issues: readonly ZodIssue[]): number {
  return issues.reduce((sum, each) => sum + (each.code === 'unrecognized_keys' ? each.keys.length : 0), 0);
}

/** Message and hint for a value outside a fixed list. */
export function oneOf(choices: readonly string[], got: unknown): [message: string, hint?: string] {
  const list = choices.length === 1 ? choices[0] : `one of ${choices.join(', ')}`;
  if (got === undefined) return [`required: ${list}`];
  const hint = typeof got === 'string' ? didYouMean(got, choices) : undefined;
  return hint === undefined ? [`must be ${list}, got ${show(got)}`] : [`must be ${list}, got ${show(got)}`, hint];
}

/** A value as a message quotes it, short. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  if (typeof value === 'number') return String(value);
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
