import { BlockManager } from '../../kv/blockManager.ts';
import { mostReusable } from '../../kv/kvLayout.ts';
import { PageNames } from '../../kv/pageNames.ts';
import type { EngineSetup } from '../engineSetup.ts';
import type { Job } from '../plain/job.ts';
import { noteReuse } from '../tierReuse.ts';
import { kvLayoutOf } from './kvLayoutOf.ts';
import { mostNewTokens, stepTokens } from './requestLimits.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

/** KV blocks of a plain rank: who has how many, and what is cached. */
export class PlainBlocks {
  readonly manager: BlockManager;
  /** When all that was fetched from the tiers is there. */
  loadedNs = 0;
  readonly #setup: EngineSetup<TrtllmConfig>;
  readonly #names: PageNames;
  /** Tokens that each job has blocks for. */
  readonly #reach = new Map<Job, number>();

  constructor(setup: EngineSetup<TrtllmConfig>) {
    const { config, table } = setup;
    this.#setup = setup;
    this.#names = new PageNames(table.workload, table.namedTokens, config.blockTokens);
    this.manager = new BlockManager(kvLayoutOf(config), () => this.#names);
    this.manager.onDropped((segment, block) => setup.tiers?.evicted(segment, block, block + 1));
  }

  /** Blocks of a prompt of which nothing is computed. */
  ofPrompt({ expected }: Job): number {
    return this.#blocks(expected);
  }

  /** Blocks it lacks until it has generated all it may. */
  toEnd(job: Job): number {
    return this.#blocks(job.input + this.mostNewTokens(job)) - this.#owned(job);
  }

  /** Blocks a generation lacks for its next step. */
  ofStep(job: Job): number {
    return Math.max(0, this.#blocks(this.reachOfStep(job)) - this.#owned(job));
  }

  mostNewTokens({ request, input, output }: Job): number {
    if (this.#setup.role === 'prefill') return output;
    return mostNewTokens(this.#setup.config, input, this.#setup.table.maxOutputTokens[request]);
  }

  /** Tokens that a generation has blocks for in its next step; drafts in flight count until they are rejected. */
  reachOfStep(job: Job): number {
    const scheduled = job.computed + job.optimism;
    return Math.min(scheduled + stepTokens(this.#setup.config.speculation), job.input + this.mostNewTokens(job));
  }

  /** Name of the first block of its prompt that is not cached; null if no other request can wait for it. */
  newBlock(job: Job): string | null {
    const { blockTokens, prefixCaching } = this.#setup.config;
    if (!prefixCaching) return null;
    const hit = this.reusable(job) / blockTokens;
    return hit < Math.floor(job.expected / blockTokens) ? this.#names.keyOf(job.request, hit) : null;
  }

  /** Tokens of the job that are cached, or can be fetched from the tiers. */
  reusable({ request, expected }: Job): number {
    const { config, tiers } = this.#setup;
    const page = config.blockTokens;
    const hit = this.manager.lookup(request, expected) / page;
    return (tiers?.reach(request, hit, mostReusable(expected, kvLayoutOf(config))) ?? hit) * page;
  }

  /** Blocks for all that is known of a new job, of which `hit` tokens are cached; more come up from the tiers. */
  start(job: Job, tokens: number): void {
    const { config } = this.#setup;
    const cached = this.manager.lookup(job.request, job.expected);
    const hit = this.reusable(job);
    if (hit > cached) this.#onboard(job.request, cached / config.blockTokens, hit / config.blockTokens);
    this.manager.lookup(job.request, job.expected);
    this.allocate(job, cached, hit - cached, tokens);
    if (hit > cached) this.manager.publish(job.hold, hit);
  }

  allocate(job: Job, hit: number, external: number, tokens: number): void {
    const { computed, expected } = job;
    const start = Math.max(hit + external, computed);
    const fitted = this.manager.allocate(job.hold, {
      known: expected,
      computed,
      processed: computed,
      hit,
      junction: 0,
      external,
      tokens,
      lookahead: Math.max(0, expected - start - tokens),
      keepFree: 0,
      gate: false,
      publishes: false,
    });
    if (!fitted) throw new Error('the capacity scheduler promised blocks that are not there');
    this.#reach.set(job, Math.max(this.#reach.get(job) ?? 0, expected, start + tokens));
  }

  /** Blocks [from, to) are copied up before the pass begins. */
  #onboard(request: number, from: number, to: number): void {
    const { config, log, tiers } = this.#setup;
    noteReuse(log, tiers!, request, from, to, config.blockTokens);
    this.loadedNs = Math.max(this.loadedNs, tiers!.load(request, from, to));
  }

  /** The job's first `tokens` tokens can be found from now on. */
  publish({ hold }: Job, tokens: number): void {
    this.manager.publish(hold, tokens);
  }

  /** The tiers may copy what is published. */
  store({ request }: Job): void {
    this.#setup.tiers?.store(request, this.manager.published(request));
  }

  release(job: Job): void {
    this.manager.release(job.hold);
    this.#reach.delete(job);
  }

  #owned(job: Job): number {
    return this.#blocks(this.#reach.get(job) ?? 0);
  }

  #blocks(tokens: number): number {
    return Math.ceil(tokens / this.#setup.config.blockTokens);
  }
}
