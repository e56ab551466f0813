import { BlockManager } from '../../kv/blockManager.ts';
import { alignedChunk, alignedStateOf } from '../../kv/kvLayout.ts';
import type { KvTiers } from '../../kv/kvTiers.ts';
import { PageNames } from '../../kv/pageNames.ts';
import type { StateGroup } from '../../timing/kvGroup.ts';
import { type DraftOutcomes, outcomesOf } from '../draftOutcomes.ts';
import type { EngineSetup } from '../engineSetup.ts';
import type { Job, Share } from '../plain/job.ts';
import { lookaheadOf } from '../speculation.ts';
import { kvLayoutOf } from './kvLayoutOf.ts';
import { draftSlotsOf, type VllmConfig } from './vllmConfig.ts';

/** What the parts of the plain vLLM scheduler share: who is where, the blocks, and the step being formed. */
export class PlainState {
  readonly setup: EngineSetup<VllmConfig>;
  readonly pages: BlockManager;
  readonly names: PageNames;
  readonly tiers: KvTiers | null;
  readonly outcomes: DraftOutcomes | null;
  readonly lookahead: number;
  /** Of the budget, taken for each job besides its tokens. */
  readonly draftSlots: number;
  /** Chunks of prompts end where its states can be cached. */
  readonly #alignedState: StateGroup | null;
  waiting: Job[] = [];
  /** Jobs with blocks for KV that comes from elsewhere. */
  remote: Job[] = [];
  running: Job[] = [];
  /** Of the step being formed. */
  shares: Share[] = [];
  inFlight: readonly (readonly Share[])[] = [];
  budget = 0;
  hasPreempted = false;
  /** Prompts wait for their turn in this step; those of the last free one could not all start. */
  holdsBack = false;
  isCapacityBound = false;

  constructor(setup: EngineSetup<VllmConfig>) {
    this.setup = setup;
    const { config, table } = setup;
    this.outcomes = outcomesOf(config.speculation);
    this.lookahead = lookaheadOf(config.speculation);
    this.draftSlots = draftSlotsOf(config);
    const namesOf = (tokens: number): PageNames => new PageNames(table.workload, table.namedTokens, tokens);
    this.pages = new BlockManager(kvLayoutOf(config), namesOf);
    this.#alignedState = alignedStateOf(kvLayoutOf(config));
    this.names = namesOf(config.blockTokens);
    this.tiers = setup.tiers;
    this.pages.onDropped((segment, block) => this.tiers?.evicted(segment, block, block + 1));
  }

  /** How many of a job's next `tokens` tokens after the first `computed` a step may compute. */
  chunkOf({ input, known }: Job, computed: number, tokens: number, junction: number): number {
    return this.#alignedState === null
      ? tokens
      : alignedChunk(this.#alignedState, computed, tokens, input, known, junction);
  }

  /** Tokens that the step has left for another job; 0 or less: none. */
  get room(): number {
    return this.budget - this.draftSlots;
  }

  sortWaiting(): void {
    if (this.setup.config.policy === 'priority') this.waiting.sort(byPriority);
  }

  /** The tiers may copy what is published. */
  store({ request }: Job): void {
    this.tiers?.store(request, this.pages.published(request));
  }
}

export function byPriority(a: Job, b: Job): number {
  return a.priority - b.priority || a.arrivalNs - b.arrivalNs || a.request - b.request;
}
