import { InputDocument } from '../config/inputDocument.ts';
import { type Path, withValue } from '../config/paths.ts';
import type { ImportNotes } from './importNotes.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** A file of another simulator, read field by field: what nobody reads is unknown in the end. */
export class SimulatedFile {
  readonly notes: ImportNotes;
  readonly #document: InputDocument;
  readonly #read: Path[] = [];
  #config: unknown = {};

  constructor(text: string, file: string, notes: ImportNotes) {
    this.#document = new InputDocument(text, file, []);
    this.notes = notes;
  }

  get config(): Mapping {
    return this.#config as Mapping;
  }

  /** The value at a dotted path, undefined where there is none; it counts as read, with all below it. */
  get<T = unknown>(path: string): T | undefined {
    const steps = path.split('.');
    this.#read.push(steps);
    return this.#document.get(steps) as T | undefined;
  }

  /** Whether anything stands there. */
  has(path: string): boolean {
    return this.#document.get(path.split('.')) !== undefined;
  }

  /** Writes a field of our configuration; `from` is the field it comes from. */
  set(path: string, value: unknown, from: string): void {
    this.#config = withValue(this.#config, path.split('.'), value, path);
    this.notes.map(from, path, value);
  }

  /** Moves a field as it is, if it is there. */
  copy(from: string, to = from): void {
    const value = this.get(from);
    if (value !== undefined && value !== null) this.set(to, value, from);
  }

  ignore(path: string, reason: string): void {
    if (this.get(path) !== undefined) this.notes.ignore(path, reason);
  }

  refuse(path: string, message: string, hint?: string): void {
    this.#read.push(path.split('.'));
    this.notes.refused.push(this.#document.issue(path.split('.'), message, hint));
  }

  /** Refuses every field that is left: the other simulator would, too. */
  settleRest(): void {
    const walk = (node: unknown, path: Path): void => {
      if (this.#read.some((known) => known.length <= path.length && known.every((step, i) => step === path[i]))) return;
      const isMapping = typeof node === 'object' && node !== null && !Array.isArray(node);
      if (isMapping && Object.keys(node).length > 0) {
        for (const [key, child] of Object.entries(node)) walk(child, [...path, key]);
      } else if (path.length > 0)
        this.notes.refused.push(this.#document.issue(path, 'unknown field', undefined, 'key'));
    };
    walk(this.#document.value, []);
  }
}
