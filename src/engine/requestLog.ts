import { TIERS, type TierName } from '../kv/kvTiers.ts';

/** Where a request's time goes: at every nanosecond between arrival and last token it is in exactly one state. */
export const STATES = [
  'router_queue',
  'admission_queue',
  'prefill',
  'prefill_interference',
  'transfer',
  'onboarding',
  'decode',
  'decode_interference',
  'preemption',
  'cold_start',
  'retry',
  'front_end',
] as const;
export type StateName = (typeof STATES)[number];

export const STATE = {
  routerQueue: 0,
  admissionQueue: 1,
  prefill: 2,
  prefillInterference: 3,
  transfer: 4,
  onboarding: 5,
  decode: 6,
  decodeInterference: 7,
  preemption: 8,
  coldStart: 9,
  retry: 10,
  frontEnd: 11,
} as const;

/** How a request ended. */
export const OUTCOME = { pending: 0, completed: 1, rejected: 2, failed: 3, cancelled: 4 } as const;

/**
 * What happened to every request, as columns indexed by request number. Times are absolute whole ns; -1 = never.
 * A state's column exists only once some request has spent time in it, so memory follows the features in use.
 */
export class RequestLog {
  readonly count: number;
  /** Open loop: the arrival; closed loop: the dispatch. */
  readonly arrivalNs: Float64Array;
  /** First time some of its tokens were scheduled. */
  readonly scheduledNs: Float64Array;
  readonly firstTokenNs: Float64Array;
  /** The last of all; of a request that has left a worker unfinished, the last that came out of it. */
  readonly lastTokenNs: Float64Array;
  /** Longest pause between two of its tokens; 0 with fewer than two. */
  readonly maxGapNs: Float64Array;
  readonly outcome: Uint8Array;
  readonly preemptions: Uint16Array;
  /** 1: some of its tokens have been scheduled by the worker that has it now. */
  readonly isBegun: Uint8Array;
  /** Prompt tokens found in the prefix cache or a KV tier when first scheduled. */
  readonly reusedTokens: Int32Array;
  /** Pool and replica that served it (the decode side with P/D): index into SimulationResult.workers, -1 = none. */
  readonly worker: Int32Array;
  readonly #reusedFromTier: (Int32Array | null)[] = TIERS.map(() => null);
  readonly #beforeFirstToken: (Float64Array | null)[] = STATES.map(() => null);
  readonly #afterFirstToken: (Float64Array | null)[] = STATES.map(() => null);

  constructor(count: number) {
    this.count = count;
    this.arrivalNs = new Float64Array(count).fill(-1);
    this.scheduledNs = new Float64Array(count).fill(-1);
    this.firstTokenNs = new Float64Array(count).fill(-1);
    this.lastTokenNs = new Float64Array(count).fill(-1);
    this.maxGapNs = new Float64Array(count);
    this.outcome = new Uint8Array(count);
    this.preemptions = new Uint16Array(count);
    this.isBegun = new Uint8Array(count);
    this.reusedTokens = new Int32Array(count);
    this.worker = new Int32Array(count).fill(-1);
  }

  /** A worker schedules the request's first tokens. */
  begin(request: number, nowNs: number): void {
    if (this.scheduledNs[request] < 0) this.scheduledNs[request] = nowNs;
    this.isBegun[request] = 1;
  }

  /** Adds time spent in `state`; before the first token is visible it belongs to TTFT, and always to e2e. */
  spend(request: number, state: number, ns: number): void {
    if (ns === 0) return;
    const columns = this.firstTokenNs[request] < 0 ? this.#beforeFirstToken : this.#afterFirstToken;
    let column = columns[state];
    if (column === null) {
      column = new Float64Array(this.count);
      columns[state] = column;
    }
    column[request] += ns;
  }

  /**
   * All that engines have done for the request since it arrived is lost at `nowNs`: what was spent in any state but
   * `kept` ones becomes time lost to `retry`, and its tokens have not come out.
   */
  startAnew(request: number, kept: readonly number[], nowNs: number): void {
    let keptNs = 0;
    for (const state of STATES.keys()) {
      const before = this.#beforeFirstToken[state];
      const after = this.#afterFirstToken[state];
      if (kept.includes(state)) keptNs += before?.[request] ?? 0;
      else if (before != null) before[request] = 0;
      if (after != null) after[request] = 0;
    }
    this.scheduledNs[request] = -1;
    this.isBegun[request] = 0;
    this.firstTokenNs[request] = -1;
    this.lastTokenNs[request] = -1;
    this.maxGapNs[request] = 0;
    this.reusedTokens[request] = 0;
    for (const column of this.#reusedFromTier) if (column !== null) column[request] = 0;
    this.worker[request] = -1;
    this.spend(request, STATE.retry, nowNs - this.arrivalNs[request] - keptNs);
  }

  /**
   * The request, which has tokens out, leaves its worker at `nowNs` and keeps them; `tokens` of them are that worker's. What it
   * has spent since the last one is lost to `retry`: nothing came of it.
   */
  carryOn(request: number, tokens: number, nowNs: number): void {
    let spentNs = 0;
    for (const state of STATES.keys()) spentNs += this.e2eStateNs(request, state);
    const decoding = this.#afterFirstToken[STATE.decodeInterference];
    if (tokens > 0 && decoding !== null) {
      const vainNs = this.arrivalNs[request] + spentNs - this.lastTokenNs[request];
      decoding[request] -= vainNs;
      spentNs -= vainNs;
    }
    this.isBegun[request] = 0;
    this.worker[request] = -1;
    this.spend(request, STATE.retry, nowNs - this.arrivalNs[request] - spentNs);
  }

  /** So many of the request's reused tokens come from the tier. */
  reuseFrom(request: number, tier: TierName, tokens: number): void {
    const index = TIERS.indexOf(tier);
    this.#reusedFromTier[index] ??= new Int32Array(this.count);
    this.#reusedFromTier[index][request] = tokens;
  }

  /** How many of the request's reused tokens came from the tier. */
  reusedFrom(request: number, tier: TierName): number {
    return this.#reusedFromTier[TIERS.indexOf(tier)]?.[request] ?? 0;
  }

  /** Time in `state` before the first token. */
  ttftStateNs(request: number, state: number): number {
    return this.#beforeFirstToken[state]?.[request] ?? 0;
  }

  /** Time in `state` over the whole life. */
  e2eStateNs(request: number, state: number): number {
    return this.ttftStateNs(request, state) + (this.#afterFirstToken[state]?.[request] ?? 0);
  }
}
