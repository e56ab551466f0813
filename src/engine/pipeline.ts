/**
 * Passes on the stages of a pipeline (`pipeline_parallel_size`): a stage takes its part of a pass when the stage before has done
 * its own and the pass before has left it. All stages take alike, so a pass alone lasts its duration, and passes of equal
 * duration follow each other at that over the number of stages.
 */
export class Pipeline {
  /** By stage: when it is done with the pass launched last. */
  readonly #doneNs: number[];

  constructor(stages: number) {
    this.#doneNs = Array.from({ length: stages }, () => 0);
  }

  /** When a pass that is formed at `nowNs` would start. */
  startNs(nowNs: number): number {
    return Math.max(nowNs, this.#doneNs[0]);
  }

  /** A pass of `durationNs` is formed at `nowNs`; returns when it ends. */
  launch(nowNs: number, durationNs: number): number {
    const done = this.#doneNs;
    let atNs = nowNs;
    let spentNs = 0;
    for (let stage = 0; stage < done.length; stage++) {
      const untilNs = Math.floor((durationNs * (stage + 1)) / done.length);
      atNs = Math.max(atNs, done[stage]) + untilNs - spentNs;
      spentNs = untilNs;
      done[stage] = atNs;
    }
    return atNs;
  }
}
