import { IndexedHeap } from '../base/indexedHeap.ts';

/** The servers in front of the engines: HTTP, tokenising, messages between processes, detokenising. All of it outside the engines' own clock. */
export interface FrontEndSpec {
  /** One request's way in and out, whatever its length, whole ns. */
  readonly requestNs: number;
  /** Tokenising one prompt token, ns; prompts queue for the tokenizers in order of arrival. */
  readonly perInputTokenNs: number;
  /** Processes that tokenize, of each replica that requests enter. */
  readonly tokenizers: number;
}

/**
 * When requests reach the router. Client to server and back is one stage before the engine: where the way out is booked
 * makes no difference to TTFT, nor to the pace of a closed loop. The tokenizers of all replicas work as one: whoever is free
 * first takes the next prompt.
 */
export class FrontEnd {
  readonly #spec: FrontEndSpec;
  /** When each tokenizer is free. */
  readonly #tokenizers: IndexedHeap;
  #count: number;

  /** @param replicas that requests enter, at the beginning. */
  constructor(spec: FrontEndSpec, replicas: number) {
    this.#spec = spec;
    this.#count = spec.tokenizers * replicas;
    this.#tokenizers = new IndexedHeap(this.#count);
    for (let tokenizer = 0; tokenizer < this.#count; tokenizer++) this.#tokenizers.update(tokenizer, 0, 0);
  }

  /** One more replica brings its tokenizers. */
  addReplica(): void {
    for (let added = 0; added < this.#spec.tokenizers; added++) {
      this.#tokenizers.addSlot();
      this.#tokenizers.update(this.#count, 0, 0);
      this.#count += 1;
    }
  }

  /** @param nowNs time of arrival, never decreasing. */
  releaseNs(nowNs: number, inputTokens: number): number {
    const tokenizers = this.#tokenizers;
    const tokenizedNs = Math.max(nowNs, tokenizers.topTime) + Math.round(this.#spec.perInputTokenNs * inputTokens);
    tokenizers.update(tokenizers.topSlot, tokenizedNs, 0);
    return tokenizedNs + this.#spec.requestNs;
  }
}
