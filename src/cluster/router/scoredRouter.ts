import { type KvTiers, TIERS } from '../../kv/kvTiers.ts';
import type { Worker } from '../worker.ts';
import { BlockIndex } from './blockIndex.ts';
import { Bookings } from './bookings.ts';
import { costOf, type Prospect } from './cost.ts';
import { HeldBlocks } from './heldBlocks.ts';
import { lowestByShare, Pick, shareOf, softmaxByShare } from './pick.ts';
import type { Router, RouterSetup } from './router.ts';
import type { ScorerSpec } from './routerSpec.ts';

/** Costs every worker in KV blocks by a weighted sum and takes the cheapest (or draws one, the cheaper the likelier). */
export class ScoredRouter implements Router {
  /** What is booked is settled by the first tokens that workers have put out. */
  readonly readsState = true;
  readonly bookings: ((worker: Worker) => Bookings) | undefined;
  readonly #setup: RouterSetup;
  readonly #spec: ScorerSpec;
  readonly #pick = new Pick();
  readonly #blocks: HeldBlocks;
  /** By the worker's number in the fleet. */
  readonly #bookings: Bookings[] = [];
  readonly #indexes: BlockIndex[] = [];
  /** By candidate. */
  readonly #prospects: Prospect[] = [];

  constructor(setup: RouterSetup, spec: ScorerSpec) {
    this.#setup = setup;
    this.#spec = spec;
    this.#blocks = new HeldBlocks(setup.table);
    this.bookings = spec.load === 'booked' ? (worker) => this.#booked(worker) : undefined;
  }

  choose(request: number, candidates: readonly Worker[], nowNs: number): number {
    const { load, index, temperature, ties } = this.#spec;
    const { seed, group } = this.#setup;
    let leastPrefill = Number.POSITIVE_INFINITY;
    for (const [at, worker] of candidates.entries()) {
      const prospect = this.#prospect(at);
      this.#look(prospect, worker, request, nowNs);
      leastPrefill = Math.min(leastPrefill, prospect.prefillTokens);
    }
    const costs = candidates.map((_, at) => {
      const prospect = this.#prospects[at];
      prospect.excessPrefillTokens = prospect.prefillTokens - leastPrefill;
      return costOf(prospect, this.#spec);
    });
    let chosen: number;
    if (temperature > 0) chosen = softmaxByShare(costs, temperature, shareOf(seed, group, request));
    else if (ties === 'random') chosen = lowestByShare(costs, shareOf(seed, group, request));
    else chosen = this.#pick.lowestInTurn(costs.length, (at) => costs[at]);
    if (load === 'booked') {
      const { requestTokens, cachedTokens, tierTokens } = this.#prospects[chosen];
      const computed = requestTokens - cachedTokens - TIERS.reduce((sum, name) => sum + tierTokens[name], 0);
      this.#booked(candidates[chosen]).add(request, computed, nowNs);
    }
    if (index === 'remembered') this.#index(candidates[chosen]).remember(request, nowNs);
    return chosen;
  }

  forget({ index }: Worker): void {
    this.#bookings[index]?.clear();
    delete this.#bookings[index];
    delete this.#indexes[index];
  }

  #booked(worker: Worker): Bookings {
    this.#bookings[worker.index] ??= new Bookings(worker, this.#setup.table, this.#setup.log, this.#blocks);
    return this.#bookings[worker.index];
  }

  #index(worker: Worker): BlockIndex {
    this.#indexes[worker.index] ??= new BlockIndex(this.#setup.table, this.#spec.indexTtlNs);
    return this.#indexes[worker.index];
  }

  #prospect(at: number): Prospect {
    this.#prospects[at] ??= {
      pageTokens: 0,
      prefillTokens: 0,
      excessPrefillTokens: 0,
      requestTokens: 0,
      cachedTokens: 0,
      tierTokens: { host: 0, disk: 0, shared: 0 },
      blocks: 0,
      requests: 0,
    };
    return this.#prospects[at];
  }

  #look(prospect: Prospect, worker: Worker, request: number, nowNs: number): void {
    const { load, index, prefillFades } = this.#spec;
    const pageTokens = worker.pool.engine.blockTokens;
    prospect.pageTokens = pageTokens;
    prospect.requestTokens = this.#setup.table.inputTokens[request];
    prospect.cachedTokens =
      index === 'reported' ? worker.core.cachedTokens(request) : this.#index(worker).cachedTokens(request, nowNs);
    for (const name of TIERS) prospect.tierTokens[name] = 0;
    if (index === 'reported' && worker.tiers !== null) lookBelow(prospect, worker.tiers, request);
    if (load === 'reported') {
      const { queuedPrefillTokens, heldPages, running, waiting } = this.#setup.loads.of(worker);
      prospect.prefillTokens = queuedPrefillTokens;
      prospect.blocks = heldPages;
      prospect.requests = running + waiting;
    } else {
      const booked = this.#booked(worker);
      booked.settle();
      prospect.prefillTokens = prefillFades ? booked.fadedPrefillTokens(nowNs) : booked.prefillTokens;
      prospect.blocks = (booked.heldTokens + booked.newTokens(request)) / pageTokens;
      prospect.requests = booked.requests;
    }
  }
}

/** What of the request's prompt follows its cached part in the worker's tiers. */
function lookBelow({ pageTokens, requestTokens, cachedTokens, tierTokens }: Prospect, tiers: KvTiers, request: number) {
  const from = Math.floor(cachedTokens / pageTokens);
  const pages = tiers.pagesByTier(request, from, tiers.reach(request, from, Math.floor(requestTokens / pageTokens)));
  for (const [index, name] of tiers.names.entries()) tierTokens[name] = pages[index] * pageTokens;
}
