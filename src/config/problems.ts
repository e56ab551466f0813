import { InputError, type InputIssue } from '../base/inputError.ts';
import type { InputDocument } from './inputDocument.ts';
import type { Path } from './paths.ts';

/** Collects what is wrong with a configuration, so that the user sees everything at once. */
export class Problems {
  readonly #issues: InputIssue[] = [];
  readonly #document: InputDocument | null;

  /** @param document where values stand; without one, issues carry only their path. */
  constructor(document: InputDocument | null) {
    this.#document = document;
  }

  add(path: Path, message: string, hint?: string): void {
    const bare = { path: path.join('.'), message, ...(hint === undefined ? {} : { hint }) };
    this.#issues.push(this.#document === null ? bare : this.#document.issue(path, message, hint));
  }

  /** Runs `read`; an InputError becomes problems at or, with a path of its own, below `path`, unless it names a file. */
  attempt<T>(path: Path, read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      for (const issue of error.issues) {
        if (issue.file !== undefined) this.#issues.push(issue);
        else this.add([...path, ...(issue.path?.split('.') ?? [])], issue.message, issue.hint);
      }
      return null;
    }
  }

  get any(): boolean {
    return this.#issues.length > 0;
  }

  /** @throws InputError if there is any, in the order of the file. */
  throwIfAny(): void {
    if (!this.any) return;
    throw new InputError(
      [...this.#issues].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
    );
  }
}
