/**
 * When each of `stages` stages is done with a pass that is formed at `nowNs`: each takes an equal part of its duration, after the
 * stage before, and after the pass before, with which it is done at `doneNs` (none has been launched: empty).
 */
export function stageEnds(durationNs: number, nowNs: number, doneNs: readonly number[], stages: number): number[] {
  const cut = (stage: number): number => Math.floor((durationNs * stage) / stages);
  const ends: number[] = [];
  for (let stage = 0; stage < stages; stage++) {
    const readyNs = Math.max(ends.at(-1) ?? nowNs, doneNs[stage] ?? 0);
    ends.push(readyNs + cut(stage + 1) - cut(stage));
  }
  return ends;
}
