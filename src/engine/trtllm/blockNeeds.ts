import type { PageNames } from '../../kv/pageNames.ts';
import type { Lane } from '../lane.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import type { SequencePages } from '../sequencePages.ts';
import type { CapacityView } from './capacity.ts';

/** Of a request on the executor's list, as the capacity scheduler sees it. */
export class BlockNeeds implements CapacityView<Sequence> {
  readonly #pages: SequencePages;
  /** null: no prefix caching. */
  readonly #names: PageNames | null;
  readonly #lanes: readonly Lane[];

  constructor(pages: SequencePages, names: PageNames | null, lanes: readonly Lane[]) {
    this.#pages = pages;
    this.#names = names;
    this.#lanes = lanes;
  }

  stateOf({ stage, remote }: Sequence): 'toLoad' | 'loading' | 'context' | 'generation' {
    if (stage === STAGE.loading) return 'loading';
    if (remote) return 'toLoad';
    return isContext(stage) ? 'context' : 'generation';
  }

  hasBlocks({ owned }: Sequence): boolean {
    return owned > 0;
  }

  blocksToEnd(sequence: Sequence): number {
    const owned = sequence.stage === STAGE.decoding ? this.#blocks(this.#computed(sequence)) : sequence.owned;
    return this.#blocks(sequence.inputTokens + sequence.maxNewTokens) - owned;
  }

  blocksOfStep(sequence: Sequence): number {
    const { stage } = sequence;
    if (stage === STAGE.waiting) return this.#blocks(sequence.knownTokens);
    if (stage === STAGE.prefilling || isToComplete(sequence)) return 0;
    const computed = this.#computed(sequence);
    return this.#blocks(computed + 1) - this.#blocks(computed);
  }

  mayPause(sequence: Sequence): boolean {
    const { stage } = sequence;
    if (stage === STAGE.finishing) return !isToComplete(sequence);
    return stage === STAGE.decoding || stage === STAGE.prefilling || stage === STAGE.loaded;
  }

  newBlock({ request, knownTokens }: Sequence): string | null {
    if (this.#names === null) return null;
    const hit = this.#pages.lookup(request, knownTokens);
    return hit < Math.floor(knownTokens / this.#pages.pageTokens) ? this.#names.keyOf(request, hit) : null;
  }

  #blocks(tokens: number): number {
    return Math.ceil(tokens / this.#pages.pageTokens);
  }

  #computed(sequence: Sequence): number {
    if (sequence.stage !== STAGE.decoding) return sequence.computed;
    return this.#lanes[sequence.lane].set.computedTokens(sequence);
  }
}

/** Its prompt, or what it must compute anew, is not through. */
export function isContext(stage: number): boolean {
  return stage === STAGE.waiting || stage === STAGE.prefilling;
}

/** GENERATION_TO_COMPLETE: the token that must be its last is in flight. */
export function isToComplete({ stage, outputTokens, maxNewTokens }: Sequence): boolean {
  return stage === STAGE.finishing && outputTokens === maxNewTokens;
}
