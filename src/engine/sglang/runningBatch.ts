import type { Batch } from '../batch.ts';
import type { Lane } from '../lane.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import { type Addable, CLIP_NEW_TOKENS, type Running } from './prefillAdder.ts';

/**
 * SGLang's running batch as its scheduler sees it: those that decode, and those whose last token is not known to be out, or is
 * known but was not looked at since. The lane's set has the first, `leaving` the others.
 */
export class RunningBatch implements Running {
  /** STAGE.finishing or STAGE.finished. */
  leaving: Sequence[] = [];
  readonly #lane: Lane;
  readonly #batches: readonly Batch[];

  constructor(lane: Lane, batches: readonly Batch[]) {
    this.#lane = lane;
    this.#batches = batches;
  }

  get size(): number {
    return this.#lane.set.count + this.leaving.length;
  }

  /** Those whose last decode is in flight stay for now: nobody knows yet. */
  noteFinishing(): void {
    for (const batch of this.#batches) {
      if (batch.lane !== this.#lane) continue;
      for (const sequence of batch.finishing) if (!this.leaving.includes(sequence)) this.leaving.push(sequence);
    }
  }

  /** A decoder turned out to be through: it stays until somebody looks. */
  noteFinished(sequence: Sequence): void {
    if (!this.leaving.includes(sequence)) this.leaving.push(sequence);
  }

  /** In the order in which they joined. */
  inOrder(): Sequence[] {
    return [...this.#lane.set.members, ...this.leaving].sort((a, b) => a.joined - b.joined);
  }

  /** Drops those known to be through. */
  filter(): void {
    if (this.leaving.length > 0) this.leaving = this.leaving.filter(({ stage }) => stage === STAGE.finishing);
  }

  /** Tokens of the sequence that are known to have come out. */
  knownGenerated(sequence: Sequence): number {
    const { outputTokens, finishClock, stage, generated } = sequence;
    const scheduled = stage === STAGE.decoding ? outputTokens - (finishClock - this.#lane.set.clock) : generated;
    if (stage === STAGE.finished) return scheduled;
    let known = scheduled;
    for (const batch of this.#batches) known -= batch.tokensFrom(sequence);
    return known;
  }

  remainingTokens(): number {
    let tokens = 0;
    for (const sequence of this.#lane.set.members) tokens += this.#remaining(sequence);
    for (const sequence of this.leaving) tokens += this.#remaining(sequence);
    return tokens;
  }

  #remaining(sequence: Sequence): number {
    return Math.min(Math.max(sequence.maxNewTokens - this.knownGenerated(sequence), 0), CLIP_NEW_TOKENS);
  }

  states(): readonly Addable[] {
    return [...this.#lane.set.members, ...this.leaving].map((sequence) => ({
      inputTokens: sequence.inputTokens,
      maxNewTokens: sequence.maxNewTokens,
      generated: this.knownGenerated(sequence),
    }));
  }
}
