import type { Batch } from '../batch.ts';
import type { EngineLoad } from '../engineCore.ts';
import type { Scheduler } from '../scheduler.ts';
import type { SchedulerSetup } from '../schedulerSetup.ts';
import type { Sequence } from '../sequence.ts';
import type { Executor } from './executor.ts';
import { ExecutorRank } from './executorRank.ts';
import { mostNewTokens, serves } from './requestLimits.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** One attention-DP rank of TensorRT-LLM's executor, as the driver sees it. All of them take requests for all. */
export class TrtllmScheduler implements Scheduler {
  readonly #setup: SchedulerSetup<TrtllmConfig>;
  readonly #executor: Executor;
  readonly #rank: ExecutorRank;

  constructor(setup: SchedulerSetup<TrtllmConfig>, executor: Executor) {
    this.#setup = setup;
    this.#executor = executor;
    this.#rank = new ExecutorRank(setup);
    executor.join(this.#rank);
  }

  get usablePages(): number {
    return this.#rank.pages.usable;
  }

  get evictedPages(): number {
    return this.#rank.pages.evicted;
  }

  admits(inputTokens: number, outputTokens: number): boolean {
    return serves(this.#setup.config, inputTokens, outputTokens);
  }

  enqueue(sequence: Sequence): boolean {
    const { config, role, table } = this.#setup;
    const { request, inputTokens, outputTokens } = sequence;
    const asked = table.maxOutputTokens[request];
    sequence.maxNewTokens = role === 'prefill' ? outputTokens : mostNewTokens(config, inputTokens, asked);
    return this.#executor.enqueue(sequence);
  }

  remoteArrived(request: number, nowNs: number): void {
    this.#executor.rankOf(request).remoteArrived(request, nowNs);
  }

  releaseHeld(request: number): void {
    this.#executor.holderOf(request)!.releaseHeld(request);
  }

  cancel(request: number, nowNs: number): Sequence | null {
    return this.#executor.cancel(request, nowNs);
  }

  cachedTokens(request: number): number {
    const { pages } = this.#executor.rankFor(this.#setup.table.inputTokens[request]);
    return pages.lookup(request, this.#setup.table.inputTokens[request]) * pages.pageTokens;
  }

  addLoad(load: EngineLoad): void {
    this.#rank.addLoad(load);
    if (!this.#isFirst) return;
    load.waiting += this.#executor.queue.size;
    load.queuedPrefillTokens += this.#executor.queue.tokens;
  }

  /** What the ranks share is counted with the first. */
  get #isFirst(): boolean {
    return this.#rank === this.#executor.first;
  }

  form(batch: Batch, nowNs: number): boolean {
    return this.#executor.form([batch], nowNs);
  }

  settle(batch: Batch, nowNs: number): void {
    this.#rank.settle(batch, nowNs);
  }

  steadyPasses(batch: Batch, atMost: number): number {
    return this.#executor.queue.hasNews ? 0 : this.#rank.steadyPasses(batch, atMost);
  }

  formSteady(batch: Batch, passes: number, lastNs: number): void {
    this.#rank.formSteady(batch, passes);
    if (this.#isFirst) this.#executor.formSteady(passes, lastNs);
  }
}
