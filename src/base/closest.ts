/**
 * The candidate a mistyped word most probably means, or undefined when none is near. Case is ignored.
 * Near means: at most a third of the longer word's letters edited (insert, delete, replace, swap neighbours), or one
 * word contains the other (`h200` in `h200_sxm`). A candidate that begins with the word wins over any edit,
 * then the fewest edits, then the earlier one.
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const offered = candidate.toLowerCase();
    const edits = editDistance(wanted, offered);
    // What completes the word ranks below one edit, shortest completion first.
    const rank = offered.startsWith(wanted) ? edits / (offered.length + 1) : edits;
    if (rank < bestRank && isNear(wanted, offered, edits)) {
      best = candidate;
      bestRank = rank;
    }
  }
  return best;
}

/** `did you mean "h200_sxm"?`, or undefined when no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const found = closest(word, candidates);
  return found === undefined ? undefined : `did you mean "${found}"?`;
}

/** Single letters and empty words are contained in nearly everything, so containment starts at two letters. */
const MIN_CONTAINED_LENGTH = 2;

function isNear(a: string, b: string, edits: number): boolean {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  if (edits * 3 <= longer.length) return true;
  return shorter.length >= MIN_CONTAINED_LENGTH && longer.includes(shorter);
}

/** Optimal string alignment distance: Levenshtein plus swaps of neighbours, each counted as one edit. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      let edits = Math.min(replaced, last[j] + 1, row[j - 1] + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) edits = Math.min(edits, beforeLast[j - 2] + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length];
}
