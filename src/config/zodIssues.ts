/** What zod found, in the words of dynosim's error messages. */
import type { z } from 'zod';
import { closest, didYouMean } from '../base/closest.ts';
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
export function zodIssues(error: z.core.$ZodError, document: InputDocument, keysOf: KeysOf): InputIssue[] {
  const found = translateAll(error.issues, [], document, keysOf);
  return found.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

type KeysOf = (path: Path) => readonly string[];

/** Of a mapping's complaints, a required key that only was misspelt is not missing as well. */
function translateAll(issues: readonly ZodIssue[], base: Path, document: InputDocument, keysOf: KeysOf): InputIssue[] {
  const at = ({ path }: ZodIssue): Path => [...base, ...(path as (string | number)[])];
  const missing = new Set(
    issues
      .map(at)
      .filter((path) => document.get(path) === undefined)
      .map(dotted),
  );
  const found: InputIssue[] = [];
  for (const issue of issues.filter(({ code }) => code === 'unrecognized_keys')) {
    for (const key of (issue as ZodIssue & { code: 'unrecognized_keys' }).keys) {
      const { hint, meant } = unknownKey(key, at(issue), missing, document, keysOf);
      if (meant !== null) missing.delete(meant);
      found.push(document.issue([...at(issue), key], 'unknown key', hint, 'key'));
    }
  }
  const isSaid = (issue: ZodIssue): boolean =>
    issue.code === 'unrecognized_keys' || (document.get(at(issue)) === undefined && !missing.has(dotted(at(issue))));
  return [
    ...found,
    ...issues.filter((issue) => !isSaid(issue)).flatMap((each) => translate(each, base, document, keysOf)),
  ];
}

/** What an unknown key probably was meant to be: best a key that is missing, which is then returned as `meant`. */
function unknownKey(
  key: string,
  parent: Path,
  missing: ReadonlySet<string>,
  document: InputDocument,
  keysOf: KeysOf,
): { hint?: string; meant: string | null } {
  const elsewhere = ELSEWHERE[dotted([...parent, key])];
  if (elsewhere !== undefined) return { hint: elsewhere, meant: null };
  const all = keysOf(parent);
  const wanted = all.filter((each) => missing.has(dotted([...parent, each])));
  const unknown = Object.keys((document.get(parent) ?? {}) as object).filter((each) => !all.includes(each));
  const only = wanted.length === 1 && unknown.length === 1 ? wanted[0] : undefined;
  const name = closest(key, wanted) ?? closest(key, all) ?? only;
  if (name === undefined) return { meant: null };
  return { hint: `did you mean "${name}"?`, meant: wanted.includes(name) ? dotted([...parent, name]) : null };
}

/** Sections that this kind of file, or this version, does not have. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  optimization: 'it belongs in a file for dynosim recommend',
  optimizer: 'it belongs in a file for dynosim recommend',
  planner: 'fleets of a fixed size only, so far',
  'traffic.source.skip_bad_lines': 'only a trace has lines to skip',
};

/** Flags that give what is required, for whoever wrote no file. */
const FLAGS: Readonly<Record<string, string>> = {
  traffic: '--trace FILE, --preset NAME, or --isl N with --osl N',
  engine: '--model and --gpu',
  'engine.model': '--model',
};

function dotted(path: Path): string {
  return path.join('.');
}

/** What to write in place of the plain value that somebody wrote, for the places where that is a likely mistake. */
function exampleOf(path: Path, got: unknown): string | undefined {
  if (typeof got === 'object') return undefined;
  // YAML reads 0.10 as a tenth.
  if (dotted(path) === 'engine.backend_version') return 'a version needs quotes: "0.10.0"';
  const [section, , edge] = path;
  if (path.length === 1 && section === 'router') return `e.g. {policy: ${String(got)}}`;
  if (section !== 'evaluation' || path.length !== 3 || typeof got !== 'number') return undefined;
  return edge === 'warmup' || edge === 'cooldown' ? `e.g. {requests: ${got}}` : `e.g. {p95: ${got}}`;
}

function isDomain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('choices' in value || 'range' in value);
}

function translate(issue: ZodIssue, base: Path, document: InputDocument, keysOf: KeysOf): InputIssue[] {
  const path: Path = [...base, ...(issue.path as (string | number)[])];
  const got = document.get(path);
  const at = (message: string, hint?: string) => [document.issue(path, message, hint)];
  switch (issue.code) {
    case 'invalid_type':
      if (got === undefined) return at('required', document.isFromFlags ? FLAGS[dotted(path)] : undefined);
      if (isDomain(got)) return at('must be one value, got several');
      if (issue.expected === 'object') return at(`must be a mapping, got ${show(got)}`, exampleOf(path, got));
      return at(`must be ${EXPECTED[issue.expected] ?? issue.expected}, got ${show(got)}`, exampleOf(path, got));
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
  keysOf: KeysOf,
): InputIssue[] {
  const got = document.get(path);
  if ('options' in issue && Array.isArray(issue.options)) {
    return [document.issue(path, ...oneOf(issue.options.map(String), got))];
  }
  const alternatives = issue.errors.filter((errors) => !errors.some((each) => isWrongKind(each, got)));
  if (alternatives.length === 0) {
    if (got === undefined) return [document.issue(path, 'required')];
    const wanted = issue.errors.flatMap((errors) => errors.filter((each) => each.path.length === 0).map(wantedKind));
    return [
      document.issue(path, `must be ${[...new Set(wanted)].join(' or ')}, got ${show(got)}`, exampleOf(path, got)),
    ];
  }
  const meant = alternatives.reduce((best, each) => (unknownKeys(each) < unknownKeys(best) ? each : best));
  return translateAll(meant, path, document, keysOf);
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

const LONGEST_QUOTE = 80;

/** A value as a message quotes it, short. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  if (typeof value === 'number') return String(value);
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}...` : text;
}
