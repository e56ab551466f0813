import type { Job, Share } from '../plain/job.ts';
import type { PlainGroup } from '../plain/plainGroup.ts';
import { AttentionBalance } from './attentionBalance.ts';
import { BatchWait } from './batchWait.ts';
import type { MicroBatch } from './microBatch.ts';
import { assignRanks, type RankLoad } from './rankAssignment.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** An attention-DP rank, as far as the loop deals with it. */
export interface PlainRank {
  readonly active: Job[];
  /** What it would run next. */
  readonly chosen: MicroBatch<Job>;
  /** Nobody is active but those whose KV is not here yet: it takes part with a dummy. */
  readonly isVacant: boolean;
  /** Somebody ended without a step. */
  readonly hasFinished: boolean;
  schedule(inFlight: readonly (readonly Share[])[], nowNs: number): void;
  /** What was chosen runs, but for contexts that are held back. */
  launch(isHeldBack: boolean, nowNs: number): Share[];
  /** Lets go of the KV held for the request; returns whether it was held here. */
  dropHeld(request: number): boolean;
  /** Takes an active request off the list; null: it is not here. */
  giveUp(request: number, nowNs: number): Job | null;
  /** Tokens of the request that are in its prefix cache. */
  hitOf(request: number): number;
}

/** TensorRT-LLM's executor loop (py_executor.py of 1.2), which all attention-DP ranks turn together. */
export class PlainExecutor implements PlainGroup {
  readonly ranks: PlainRank[] = [];
  readonly inbox: Job[] = [];
  readonly waiting: Job[] = [];
  /** Requests of a rank that may be active. */
  readonly #mostActive: number;
  /** Of each generation in a step. */
  readonly #drafts: number;
  readonly #wait: BatchWait;
  readonly #balance: AttentionBalance | null;

  constructor(config: TrtllmConfig) {
    this.#mostActive = config.maxSequences * config.pipelineStages;
    this.#drafts = config.speculation?.draftTokens ?? 0;
    this.#wait = new BatchWait(config);
    this.#balance = config.balance === null ? null : new AttentionBalance(config.balance, config.maxSequences);
  }

  /** The rank that a request with such a prompt would go to now. */
  rankFor(promptTokens: number): PlainRank {
    return this.ranks[assignRanks([promptTokens], this.#loads())[0].rank];
  }

  #loads(): RankLoad[] {
    return this.ranks.map(({ active }) => ({
      requests: active.length,
      tokens: active.reduce((sum, { input }) => sum + input, 0),
    }));
  }

  form(inFlight: readonly (readonly (readonly Share[])[])[], nowNs: number): Share[][] {
    for (;;) {
      this.activate();
      const shares = this.#turn(inFlight, nowNs);
      if (shares.some((ofRank) => ofRank.length > 0) || !this.ranks.some(({ hasFinished }) => hasFinished))
        return shares;
    }
  }

  /** An idle executor blocks until it has one request, and goes on with that one alone. */
  activate(): void {
    const loads = this.#loads();
    const requests = loads.reduce((sum, rank) => sum + rank.requests, 0);
    const isIdle = requests + this.waiting.length === 0;
    this.waiting.push(...this.inbox.splice(0, isIdle ? 1 : this.inbox.length));
    const jobs = this.waiting.splice(0, this.ranks.length * this.#mostActive - requests);
    if (this.ranks.length === 1) {
      this.ranks[0].active.push(...jobs);
      return;
    }
    const prompts = jobs.map(({ input }) => input);
    for (const { request, rank } of assignRanks(prompts, loads)) this.ranks[rank].active.push(jobs[request]);
  }

  /** A step is launched on all ranks or on none; a rank without requests of its own has a dummy. */
  #turn(inFlight: readonly (readonly (readonly Share[])[])[], nowNs: number): Share[][] {
    for (const [index, rank] of this.ranks.entries()) rank.schedule(inFlight[index], nowNs);
    const isHeldBack = this.#holdsBack();
    const isEmpty = ({ chosen: { contexts, generations } }: PlainRank): boolean =>
      generations.length === 0 && (isHeldBack || contexts.length === 0);
    const cannotQueue = this.ranks.length > 1 && this.ranks.some((rank) => !rank.isVacant && isEmpty(rank));
    return this.ranks.map((rank) => (cannotQueue ? [] : rank.launch(isHeldBack, nowNs)));
  }

  /** Whether contexts wait: for more of them, or for every rank to have one. */
  #holdsBack(): boolean {
    if (this.ranks.length === 1) {
      const { contexts, generations } = this.ranks[0].chosen;
      const promptTokens = contexts.reduce((sum, { item }) => sum + item.expected, 0);
      return this.#wait.holdsBack(contexts.length, promptTokens, generations.length * (1 + this.#drafts));
    }
    if (this.#balance === null || this.ranks.every(({ isVacant }) => isVacant)) return false;
    return this.#balance.holdsBack(
      this.ranks.map(({ isVacant, chosen: { contexts, generations } }) => ({
        contexts: contexts.length,
        generations: isVacant ? 1 : generations.length,
      })),
    );
  }
}
