/** What the YAML parser complains about, in words for somebody who wrote a configuration. */
import type { YAMLError } from 'yaml';

export interface SyntaxIssue {
  /** Where in the text. */
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

const INDENTATION = 'look at the indentation of this line and the next';

const WORDS: Readonly<Partial<Record<YAMLError['code'], { readonly message: string; readonly hint?: string }>>> = {
  TAB_AS_INDENT: { message: 'a tab indents this line', hint: 'YAML is indented by spaces' },
  BLOCK_AS_IMPLICIT_KEY: { message: 'a value cannot have a mapping after it', hint: INDENTATION },
  MULTILINE_IMPLICIT_KEY: { message: 'a key must be on a line of its own', hint: INDENTATION },
  MULTIPLE_DOCS: { message: 'a second document begins here, and only one is read', hint: 'remove the line ---' },
};

/** The first error and every repeated key: what the parser says after its first stumble is mostly its consequence. */
export function syntaxIssues(errors: readonly YAMLError[], text: string): SyntaxIssue[] {
  return errors
    .filter(({ code }, index) => index === 0 || code === 'DUPLICATE_KEY')
    .map((error) => issueOf(error, text));
}

function issueOf({ code, pos: [offset], message }: YAMLError, text: string): SyntaxIssue {
  if (code === 'DUPLICATE_KEY') {
    const key = text.slice(offset).match(/^[^\s:]+/)?.[0] ?? 'this key';
    return { offset, message: `${key} is already set in this mapping` };
  }
  return { offset, ...(WORDS[code] ?? { message: firstLine(message) }) };
}

const LONGEST_MESSAGE = 160;

/** A message of the parser without its picture of the place, which is told apart, and without what a terminal would obey. */
export function firstLine(text: string): string {
  const [line] = text.split('\n');
  const bare = line.replace(/ at line \d+, column \d+:?$/, '').replace(/\p{Cc}/gu, '');
  return bare.length > LONGEST_MESSAGE ? `${bare.slice(0, LONGEST_MESSAGE)}...` : bare;
}

/** Whether a file decoded as UTF-8 can be text at all. */
export function isText(text: string): boolean {
  return !/[\0\ufffd]/.test(text);
}
