import type { PassObservation } from '../cluster/planner.ts';
import { MovingAverage } from './movingAverage.ts';
import type { RegressionSpec } from './policySpec.ts';
import type { PoolFacts } from './poolFacts.ts';
import { Regression } from './regression.ts';

/** Mean lengths of the traffic. */
export interface Lengths {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Share of prompts that prefix caches save. */
  readonly hitRatio: number;
}

/**
 * How fast one replica is, learned from its passes: the models of Dynamo's planner (`components/src/dynamo/planner/core/perf_model`, commits
 * 439d645 and 518a702). By prompt tokens (prefill), sequences and KV (decode), or prompt tokens and KV (aggregated).
 */
export class EngineModel {
  readonly #pool: PoolFacts;
  readonly #regression: Regression;
  /** Of passes seen: prompt tokens, decoding sequences, and KV of one of those. */
  readonly #prefillTokens: MovingAverage;
  readonly #decodes: MovingAverage;
  readonly #decodeTokens: MovingAverage;

  constructor(pool: PoolFacts, spec: RegressionSpec) {
    const { role, profile } = pool;
    this.#pool = pool;
    this.#regression = new Regression(spec, { features: role === 'prefill' ? 1 : 2, clipsX: role === 'decode' });
    this.#prefillTokens = new MovingAverage(spec.samples);
    this.#decodes = new MovingAverage(spec.samples);
    this.#decodeTokens = new MovingAverage(spec.samples);
    for (const sample of profile) this.#learn(sample, sample.kvTokens);
  }

  /** Nothing is to be asked before. */
  get isReady(): boolean {
    return this.#regression.isReady;
  }

  /** A pass of a replica that holds so much KV. */
  observe(pass: PassObservation, kvTokens: number): void {
    this.#learn(pass, kvTokens);
    this.#prefillTokens.add(pass.prefillTokens);
    this.#decodes.add(pass.decodes);
    if (pass.decodes > 0) this.#decodeTokens.add(kvTokens / pass.decodes);
  }

  #learn({ ns, prefillTokens, decodes }: PassObservation, kvTokens: number): void {
    const { role } = this.#pool;
    this.#regression.observe(role === 'decode' ? decodes : prefillTokens, role === 'prefill' ? 0 : kvTokens, ns);
  }

  /** Until the first token of a prompt that comes now, behind so many queued tokens: passes of full batches. */
  ttftNs(queuedTokens: number, kvTokens: number, { inputTokens, hitRatio }: Lengths): number {
    return this.#prefillNs((queuedTokens + inputTokens) * (1 - hitRatio), kvTokens);
  }

  /** Between two tokens with so much KV and one more sequence: beside as many prompt tokens, or sequences, as passes have had on average. */
  itlNs(kvTokens: number): number {
    const beside = this.#pool.role === 'decode' ? this.#decodes.value + 1 : this.#prefillTokens.value;
    return this.#regression.predictNs(beside, kvTokens + this.#decodeTokens.value);
  }

  /** Requests per second that one replica can take within the SLA, and the TTFT it then has. */
  capacity(lengths: Lengths, ttftNs: number, itlNs: number): { readonly perS: number; readonly ttftNs: number } {
    if (this.#pool.role === 'prefill') {
      const ns = this.#prefillNs(lengths.inputTokens * (1 - lengths.hitRatio), 0);
      return { perS: 1e9 / ns, ttftNs: ns };
    }
    return this.#pool.role === 'decode'
      ? this.#decodeCapacity(lengths, itlNs)
      : this.#sharedCapacity(lengths, ttftNs, itlNs);
  }

  #prefillNs(tokens: number, kvTokens: number): number {
    const { batchTokens } = this.#pool;
    let ns = 0;
    for (let left = tokens; left > 0; left -= batchTokens) {
      ns += this.#regression.predictNs(Math.min(left, batchTokens), kvTokens);
    }
    return ns;
  }

  /** Sequences that fit: by memory, and by the engine's own limit. */
  #mostSequences(contextTokens: number): number {
    const { capacityTokens, maxSequences } = this.#pool;
    return Math.max(1, Math.min(Math.floor(capacityTokens / Math.max(1, contextTokens)), maxSequences));
  }

  /** The largest batch within the ITL, by bisection. */
  #decodeCapacity({ inputTokens, outputTokens }: Lengths, itlNs: number): { perS: number; ttftNs: number } {
    const context = inputTokens + outputTokens / 2;
    const passNs = (batch: number): number => this.#regression.predictNs(batch, batch * context);
    let low = 1;
    let high = this.#mostSequences(context);
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (passNs(middle) <= itlNs) low = middle;
      else high = middle - 1;
    }
    return { perS: (low / (Math.max(1, outputTokens) * passNs(low))) * 1e9, ttftNs: 0 };
  }

  /** The largest batch that decodes and prefills its own successors within both bounds. */
  #sharedCapacity({ inputTokens, outputTokens, hitRatio }: Lengths, ttftNs: number, itlNs: number) {
    const { batchTokens } = this.#pool;
    const output = Math.max(1, outputTokens);
    const context = inputTokens + output / 2;
    const balanced = Math.floor(batchTokens - inputTokens / output);
    const most = Math.max(1, Math.min(this.#mostSequences(context), batchTokens - 1, balanced));
    let best = { perS: 0, ttftNs: 0 };
    for (let batch = 1; batch <= most; batch++) {
      const prefill = Math.min((batch * inputTokens * (1 - hitRatio)) / output, batchTokens);
      const passNs = this.#regression.predictNs(prefill, batch * context);
      const firstNs = this.#prefillNs(prefill + inputTokens * (1 - hitRatio), batch * context);
      const isWithin = passNs <= itlNs && firstNs <= ttftNs;
      if (isWithin || batch === 1) best = { perS: (batch / (output * passNs)) * 1e9, ttftNs: firstNs };
      if (!isWithin) break;
    }
    return best;
  }
}
