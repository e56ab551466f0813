/** The server in front of the engines: HTTP, tokenising, messages between processes, detokenising. All of it outside the engine's own clock. */
export interface FrontEndSpec {
  /** One request's way in and out, whatever its length, whole ns. */
  readonly requestNs: number;
  /** Tokenising one prompt token, ns; prompts queue for the tokenizers in order of arrival. */
  readonly perInputTokenNs: number;
  /** Processes that tokenize. */
  readonly tokenizers: number;
}

/**
 * When requests reach the router. Client to server and back is one stage before the engine: where the way out is booked
 * makes no difference to TTFT, nor to the pace of a closed loop.
 */
export class FrontEnd {
  readonly #spec: FrontEndSpec;
  readonly #freeNs: Float64Array;

  constructor(spec: FrontEndSpec) {
    this.#spec = spec;
    this.#freeNs = new Float64Array(spec.tokenizers);
  }

  /** @param nowNs time of arrival, never decreasing. */
  releaseNs(nowNs: number, inputTokens: number): number {
    const free = this.#freeNs;
    let first = 0;
    for (let tokenizer = 1; tokenizer < free.length; tokenizer++) if (free[tokenizer] < free[first]) first = tokenizer;
    const tokenizedNs = Math.max(nowNs, free[first]) + Math.round(this.#spec.perInputTokenNs * inputTokens);
    free[first] = tokenizedNs;
    return tokenizedNs + this.#spec.requestNs;
  }
}
