/** Why a candidate is refused before it is simulated. */
export type RefusalKind = 'illegal' | 'no_memory' | 'bounded_out';

export interface Refusal {
  readonly kind: RefusalKind;
  /** Words that many candidates share, without numbers of the single case: `needs more than 32 GPUs`. */
  readonly reason: string;
}

export interface RefusalCounts extends Refusal {
  readonly candidates: number;
}

/** Counts refusals by kind and reason. */
export class RefusalTally {
  readonly #counts = new Map<string, { refusal: Refusal; candidates: number }>();

  add(refusal: Refusal, candidates: number): void {
    const key = `${refusal.kind}\n${refusal.reason}`;
    const entry = this.#counts.get(key);
    if (entry === undefined) this.#counts.set(key, { refusal, candidates });
    else entry.candidates += candidates;
  }

  /** Most frequent first, ties in alphabetical order. */
  counts(): RefusalCounts[] {
    return [...this.#counts.entries()]
      .filter(([, { candidates }]) => candidates > 0)
      .sort(([keyA, a], [keyB, b]) => b.candidates - a.candidates || (keyA < keyB ? -1 : 1))
      .map(([, { refusal, candidates }]) => ({ kind: refusal.kind, reason: refusal.reason, candidates }));
  }
}
