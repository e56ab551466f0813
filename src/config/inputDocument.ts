/**
 * A YAML text with the values of flags laid over it, which remembers where each value stands, so that a mistake can be
 * shown at its line and column, or by the flag that made it.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { InputError, type InputIssue } from '../base/inputError.ts';
import { type Path, stepsOf, withValue } from './paths.ts';
import { firstLine, isText, syntaxIssues } from './yamlSyntax.ts';

/** A value set from the command line, over what the file says. */
export interface Override {
  /** Dotted; elements of lists by index, pools also by name. */
  readonly path: string;
  readonly value: unknown;
  /** The flag in the user's words; absent for `--set`. */
  readonly flag?: string;
  /** Not the user's: where it is wrong, the user's input is. */
  readonly implied?: true;
}

/** `path.to.field=YAML` as an override. @throws InputError for text without `=` or with YAML that cannot be read. */
export function parseSet(text: string): Override {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InputError({ path: '--set', message: `must be path.to.field=value, got "${text}"` });
  const path = text.slice(0, equals).trim();
  const document = parseDocument(text.slice(equals + 1));
  const [error] = document.errors;
  if (error !== undefined) throw new InputError({ path: `--set ${path}`, message: firstLine(error.message) });
  return { path, value: document.toJS() as unknown };
}

export class InputDocument {
  /** Plain data: the file with the overrides. */
  readonly value: unknown;
  readonly #file: string | undefined;
  readonly #root: Node | null;
  readonly #lines = new LineCounter();
  readonly #overrides: readonly { readonly path: Path; readonly flag: string | undefined }[];

  /**
   * @param text YAML, or null when everything comes from flags.
   * @param file name for messages.
   * @throws InputError for text that is no YAML, or an override that cannot be placed.
   */
  constructor(text: string | null, file: string | undefined, overrides: readonly Override[]) {
    this.#file = text === null ? undefined : file;
    if (!isText(text ?? '')) throw new InputError({ ...this.#fileOnly(), message: 'is not UTF-8 text' });
    const document = parseDocument(text ?? '{}', { lineCounter: this.#lines });
    if (document.errors.length > 0) {
      throw new InputError(
        syntaxIssues(document.errors, text!).map(({ offset, ...rest }) => ({ ...this.#position(offset), ...rest })),
      );
    }
    this.#root = document.contents as Node | null;
    let value = this.#read(document);
    const placed = [];
    for (const { path, value: set, flag, implied } of overrides) {
      const steps = stepsOf(path, value);
      value = withValue(value, steps, set, flag ?? `--set ${path}`);
      if (implied === undefined) placed.push({ path: steps, flag });
    }
    this.value = value;
    this.#overrides = placed;
  }

  /** The issue at `path`: at the value, or at the key itself for keys that should not be there. */
  issue(path: Path, message: string, hint?: string, at: 'value' | 'key' = 'value'): InputIssue {
    const dotted = path.join('.');
    const rest = { message, ...(hint === undefined ? {} : { hint }) };
    const override = this.#overrides.findLast((each) => each.path.every((step, i) => step === path[i]));
    if (override !== undefined) return { path: override.flag ?? `--set ${dotted}`, ...rest };
    const place = this.#file === undefined ? {} : this.#position(this.#offsetOf(path, at));
    return { ...place, ...(dotted === '' ? {} : { path: dotted }), ...rest };
  }

  /** Whether there is no file: every value comes from flags. */
  get isFromFlags(): boolean {
    return this.#file === undefined;
  }

  /** The value at `path`, undefined where there is none. */
  get(path: Path): unknown {
    let value = this.value;
    for (const step of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string | number, unknown>)[step];
    }
    return value;
  }

  #read(document: Document.Parsed): unknown {
    visit(document, {
      Alias: (_, alias) => {
        if (alias.resolve(document) !== undefined) return;
        const message = `no anchor &${alias.source} comes before the alias *${alias.source}`;
        throw new InputError({ ...this.#position(offsetOf(alias) ?? 0), message });
      },
    });
    try {
      return document.toJS() as unknown;
    } catch (error) {
      // What is left are aliases that expand without end.
      throw new InputError({ ...this.#position(0), message: firstLine((error as Error).message) });
    }
  }

  #fileOnly(): { file?: string } {
    return this.#file === undefined ? {} : { file: this.#file };
  }

  #position(offset: number): { file?: string; line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return {
      ...this.#fileOnly(),
      line: Math.max(line, 1),
      column: Math.max(col, 1),
    };
  }

  /** Of the node at `path`; where the path ends early, of the key of the deepest part that exists. */
  #offsetOf(path: Path, at: 'value' | 'key'): number {
    let node: unknown = this.#root;
    let keyOffset = 0;
    for (const [depth, step] of path.entries()) {
      const child = this.#child(node, step);
      if (child === null) return keyOffset;
      keyOffset = child.keyOffset;
      node = child.node;
      if (depth === path.length - 1 && at === 'value') return offsetOf(node) ?? keyOffset;
    }
    return keyOffset;
  }

  #child(node: unknown, step: string | number): { node: unknown; keyOffset: number } | null {
    const target = isAlias(node) ? this.#anchored(node.source) : node;
    if (isMap(target)) {
      const pair = target.items.find((item: Pair) => keyText(item.key) === String(step));
      return pair === undefined ? null : { node: pair.value, keyOffset: offsetOf(pair.key) ?? 0 };
    }
    if (isSeq(target)) {
      const item = target.items[Number(step)];
      return item === undefined ? null : { node: item, keyOffset: offsetOf(item) ?? 0 };
    }
    return null;
  }

  #anchored(name: string): Node | null {
    let found: Node | null = null;
    const look = (node: unknown): void => {
      if (isMap(node)) for (const pair of node.items) look(pair.value);
      if (isSeq(node)) for (const item of node.items) look(item);
      if (typeof node === 'object' && node !== null && (node as { anchor?: string }).anchor === name)
        found = node as Node;
    };
    look(this.#root);
    return found;
  }
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

function offsetOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] | null } | null)?.range?.[0];
}
