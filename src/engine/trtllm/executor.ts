import type { Batch } from '../batch.ts';
import type { Sequence } from '../sequence.ts';
import { AttentionBalance } from './attentionBalance.ts';
import { BatchWait } from './batchWait.ts';
import type { ExecutorRank } from './executorRank.ts';
import { assignRanks } from './rankAssignment.ts';
import { mostActive, verifiedTokens } from './requestLimits.ts';
import { RequestQueue } from './requestQueue.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/**
 * The loop of TensorRT-LLM's executor (py_executor.py of 1.2), which its attention-DP ranks turn in step: requests are given
 * to ranks when a batch is formed, and a batch is launched on all ranks or on none.
 */
export class Executor {
  readonly queue = new RequestQueue();
  readonly #config: TrtllmConfig;
  readonly #ranks: ExecutorRank[] = [];
  readonly #wait: BatchWait;
  readonly #balance: AttentionBalance | null;
  /** Tokens of a generation in a step. */
  readonly #verified: number;

  constructor(config: TrtllmConfig) {
    this.#config = config;
    this.#verified = verifiedTokens(config.speculation);
    this.#wait = new BatchWait(config);
    this.#balance = config.balance === null ? null : new AttentionBalance(config.balance, config.maxSequences);
  }

  join(rank: ExecutorRank): void {
    this.#ranks.push(rank);
  }

  /** The rank that speaks for what all share. */
  get first(): ExecutorRank {
    return this.#ranks[0];
  }

  /** See `Scheduler.enqueue`. */
  enqueue(sequence: Sequence): boolean {
    // Where the newcomer goes depends on what the other ranks have by then.
    const isStuck = this.#ranks.length === 1 && this.first.isStuck;
    const hasPending = this.#ranks.some(({ pending }) => pending > 0);
    const isBehind = this.queue.isWaiting || hasPending;
    const isFull = !hasPending && this.#places === 0;
    // Whether an executor is idle, and takes one request alone, depends on who was in its queue.
    return this.queue.join(sequence, isBehind && (isStuck || isFull));
  }

  /** The one that has the request, which no longer waits for a place. */
  rankOf(request: number): ExecutorRank {
    return this.#ranks.find((rank) => rank.has(request))!;
  }

  /** The one that holds the request's KV until it has been fetched. */
  holderOf(request: number): ExecutorRank | undefined {
    return this.#ranks.find((rank) => rank.holds(request));
  }

  /** The one that a request with such a prompt would go to now. */
  rankFor(promptTokens: number): ExecutorRank {
    return this.#ranks.length === 1 ? this.first : this.#ranks[assignRanks([promptTokens], this.#ranks)[0].rank];
  }

  /** See `Scheduler.cancel`. */
  cancel(request: number, nowNs: number): Sequence | null {
    const holder = this.holderOf(request);
    if (holder !== undefined) {
      holder.releaseHeld(request);
      return null;
    }
    for (const rank of this.#ranks) rank.unblock();
    return this.queue.cancel(request) ?? this.rankOf(request).cancel(request, nowNs);
  }

  /** Forms a batch of each rank; false: none of them runs. */
  form(batches: readonly Batch[], nowNs: number): boolean {
    do {
      this.#activate(nowNs);
      if (this.#launch(batches, nowNs)) return true;
    } while (this.#ranks.some(({ hasFinished }) => hasFinished));
    return false;
  }

  /** `passes` batches were formed that consist of decodes alone, the last of them at `lastNs`. */
  formSteady(passes: number, lastNs: number): void {
    this.queue.formedNs = lastNs;
    this.#balance?.pass(passes);
  }

  get #places(): number {
    return this.#ranks.reduce((places, { requests }) => places + mostActive(this.#config) - requests, 0);
  }

  #activate(nowNs: number): void {
    this.queue.fetch(
      this.#ranks.every(({ requests }) => requests === 0),
      nowNs,
    );
    const taken = this.queue.take(this.#places);
    if (this.#ranks.length === 1) {
      for (const sequence of taken) this.first.activate(sequence);
      return;
    }
    const prompts = taken.map(({ inputTokens }) => inputTokens);
    for (const { request, rank } of assignRanks(prompts, this.#ranks)) this.#ranks[rank].activate(taken[request]);
  }

  /** All ranks schedule; unless one of them has requests of which none can run now, they launch. */
  #launch(batches: readonly Batch[], nowNs: number): boolean {
    for (const [index, rank] of this.#ranks.entries()) rank.schedule(batches[index], nowNs);
    const isHeldBack = this.#holdsBack();
    const waits = ({ isVacant, generations, contexts }: ExecutorRank): boolean =>
      !isVacant && generations + (isHeldBack ? 0 : contexts) === 0;
    if (this.#ranks.length > 1 && this.#ranks.some(waits)) return false;
    for (const [index, rank] of this.#ranks.entries()) rank.launch(batches[index], isHeldBack, nowNs);
    return batches.some(({ runs }) => runs);
  }

  /** Whether contexts that were scheduled are left out. */
  #holdsBack(): boolean {
    const [{ contexts, generations, promptTokens }] = this.#ranks;
    if (this.#ranks.length === 1) return this.#wait.holdsBack(contexts, promptTokens, generations * this.#verified);
    if (this.#balance === null || this.#ranks.every(({ isVacant }) => isVacant)) return false;
    // Who has no request generates a dummy.
    return this.#balance.holdsBack(this.#ranks.map((rank) => (rank.isVacant ? { contexts: 0, generations: 1 } : rank)));
  }
}
