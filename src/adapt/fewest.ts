/**
 * The fewest replicas that do, found from a guess on: all pools grow together until they do, then one after the other
 * shrinks as far as it can. More replicas are taken to do no worse. With two pools, one more of one for one less of the other is tried in the end.
 * @param isAllowed within the limits
 * @param usdOf what so many cost
 * @returns by pool; null if no number within the limits does.
 */
export function fewestReplicas(
  guess: readonly number[],
  meets: (replicas: readonly number[]) => boolean,
  isAllowed: (replicas: readonly number[]) => boolean,
  usdOf: (replicas: readonly number[]) => number,
): readonly number[] | null {
  const ones = guess.map(() => 1);
  let start = isAllowed(guess) ? guess : ones;
  if (!isAllowed(start)) return null;
  for (let step = 1; !meets(start); step *= 2) {
    const larger = grown(start, step, isAllowed);
    if (larger === null) return null;
    start = larger;
  }
  let best = shrunk(start, meets);
  for (const [pool] of best.entries()) {
    const traded = best.map((count, other) => (other === pool ? count + 1 : count - 1));
    if (best.length < 2 || traded.includes(0) || usdOf(traded) >= usdOf(best) || !isAllowed(traded)) continue;
    if (meets(traded)) best = shrunk(traded, meets);
  }
  return best;
}

/** So many more of every pool, or of the first one that may have more, or fewer more; null if none may. */
function grown(
  from: readonly number[],
  step: number,
  isAllowed: (replicas: readonly number[]) => boolean,
): readonly number[] | null {
  const ways = [from.map(() => 1), ...from.map((_, pool) => from.map((__, other) => (other === pool ? 1 : 0)))];
  for (const way of ways) {
    for (let taken = step; taken > 0; taken >>= 1) {
      const larger = from.map((count, pool) => count + taken * way[pool]);
      if (isAllowed(larger)) return larger;
    }
  }
  return null;
}

/** Each pool in turn as small as the others allow: in steps that double, then by bisection. */
function shrunk(from: readonly number[], meets: (replicas: readonly number[]) => boolean): readonly number[] {
  let best = from;
  for (const pool of from.keys()) {
    const withCount = (count: number): number[] => best.map((own, other) => (other === pool ? count : own));
    let failing = 0;
    for (let step = 1; best[pool] > 1 && failing === 0; step *= 2) {
      const fewer = withCount(Math.max(1, best[pool] - step));
      if (meets(fewer)) best = fewer;
      else failing = fewer[pool];
    }
    while (best[pool] - failing > 1) {
      const middle = withCount((failing + best[pool]) >> 1);
      if (meets(middle)) best = middle;
      else failing = middle[pool];
    }
  }
  return best;
}
