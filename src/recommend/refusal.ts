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

/** Groups refusals by kind and reason, most frequent first, ties in alphabetical order. */
export function countRefusals(refusals: readonly Refusal[]): RefusalCounts[] {
  const counts = new Map<string, { refusal: Refusal; candidates: number }>();
  for (const refusal of refusals) {
    const key = `${refusal.kind}\n${refusal.reason}`;
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { refusal, candidates: 1 });
    else entry.candidates += 1;
  }
  return [...counts.entries()]
    .sort(([keyA, a], [keyB, b]) => b.candidates - a.candidates || (keyA < keyB ? -1 : 1))
    .map(([, { refusal, candidates }]) => ({ kind: refusal.kind, reason: refusal.reason, candidates }));
}
