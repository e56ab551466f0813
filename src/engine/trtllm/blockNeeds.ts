import type { PageNames } from '../../kv/pageNames.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import { type Sequence, STAGE } from '../sequence.ts';
import type { SequencePages } from '../sequencePages.ts';
import type { CapacityView } from './capacity.ts';
import type { MicroBatchLanes } from './microBatchLanes.ts';
import { stepTokens } from './requestLimits.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** Of a request on the executor's list, as the capacity scheduler sees it. */
export class BlockNeeds implements CapacityView<Sequence> {
  readonly #pages: SequencePages;
  /** null: no prefix caching. */
  readonly #names: PageNames | null;
  readonly #setup: SchedulerSetup<TrtllmConfig>;
  readonly #lanes: MicroBatchLanes;
  readonly #speculates: boolean;
  readonly #isPipelined: boolean;
  /** Tokens there are blocks for beyond what is scheduled when a step is formed. */
  readonly #stepTokens: number;

  constructor(
    pages: SequencePages,
    names: PageNames | null,
    setup: SchedulerSetup<TrtllmConfig>,
    lanes: MicroBatchLanes,
  ) {
    this.#lanes = lanes;
    this.#pages = pages;
    this.#names = names;
    this.#setup = setup;
    this.#speculates = setup.config.speculation !== null;
    this.#isPipelined = setup.config.pipelineStages > 1;
    this.#stepTokens = stepTokens(setup.config.speculation);
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
    return this.#blocks(sequence.inputTokens + sequence.maxNewTokens) - this.#owned(sequence);
  }

  blocksOfStep(sequence: Sequence): number {
    const { stage } = sequence;
    if (stage === STAGE.waiting) return this.#blocks(sequence.knownTokens);
    if (stage === STAGE.prefilling || this.isOut(sequence)) return 0;
    return Math.max(0, this.#blocks(this.reachOfStep(sequence)) - this.#owned(sequence));
  }

  mayPause(sequence: Sequence): boolean {
    const { stage } = sequence;
    if (stage === STAGE.finishing || stage === STAGE.decoding) return !this.isOut(sequence);
    return stage === STAGE.prefilling || stage === STAGE.loaded;
  }

  newBlock({ request, knownTokens }: Sequence): string | null {
    if (this.#names === null) return null;
    const hit = this.#pages.reusable(request, knownTokens);
    return hit < Math.floor(knownTokens / this.#pages.pageTokens) ? this.#names.keyOf(request, hit) : null;
  }

  /** A generation that takes no part in the next step: it is in a micro-batch of the pipeline, or needs no more. */
  isOut(sequence: Sequence): boolean {
    const { stage, lane } = sequence;
    if (this.#isPipelined)
      return stage === STAGE.finishing || (stage === STAGE.decoding && this.#lanes.isInFlight(lane));
    return this.#isToComplete(sequence);
  }

  /** GENERATION_TO_COMPLETE: the token that must be its last is in flight. Of accepted drafts nobody knows yet. */
  #isToComplete(sequence: Sequence): boolean {
    const { stage, outputTokens, maxNewTokens } = sequence;
    return stage === STAGE.finishing && outputTokens - this.inFlight(sequence) + 1 >= maxNewTokens;
  }

  /** Tokens that a generation has blocks for in its next step: all that are scheduled, its own and the drafts, up to its end. */
  reachOfStep(sequence: Sequence): number {
    return Math.min(this.#scheduled(sequence) + this.#stepTokens, sequence.inputTokens + sequence.maxNewTokens);
  }

  /** Tokens of the sequence that come out of passes in flight. */
  inFlight(sequence: Sequence): number {
    let tokens = 0;
    for (const batch of this.#setup.batches) tokens += batch.tokensFrom(sequence);
    return tokens;
  }

  /** Computed tokens as far as the executor knows: drafts in flight count until they are rejected. */
  #scheduled(sequence: Sequence): number {
    const computed = this.#computed(sequence);
    if (!this.#speculates || sequence.drafts === 0 || this.inFlight(sequence) === 0) return computed;
    return computed + sequence.drafts - (sequence.yields - 1);
  }

  #owned(sequence: Sequence): number {
    if (this.#speculates || sequence.stage !== STAGE.decoding) return sequence.owned;
    return this.#blocks(this.#computed(sequence));
  }

  #blocks(tokens: number): number {
    return Math.ceil(tokens / this.#pages.pageTokens);
  }

  #computed(sequence: Sequence): number {
    if (sequence.stage !== STAGE.decoding) return sequence.computed;
    return this.#lanes.of(sequence).set.computedTokens(sequence);
  }
}

/** Its prompt, or what it must compute anew, is not through. */
export function isContext(stage: number): boolean {
  return stage === STAGE.waiting || stage === STAGE.prefilling;
}
