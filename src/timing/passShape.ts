/**
 * The work in one forward pass, as the sums the timing formulas need, so that a pass of any batch is timed in O(1).
 * Decoding sequences contribute `decodeTokens`, prefill chunks `chunkTokens`.
 * One object per worker is cleared and refilled; nothing here allocates.
 */
export class PassShape {
  /** Sequences that decode in this pass. */
  decodes = 0;
  /** Tokens they compute: one each, under speculation its drafts too. */
  decodeTokens = 0;
  /** Sum over them of tokens attended to: KV already computed plus the token itself. */
  decodeContext = 0;
  /** The same sum with each term cut at the sliding window. */
  decodeWindowed = 0;
  /** Prefill chunks in the pass, and their new tokens. */
  chunks = 0;
  chunkTokens = 0;
  /** Causal (query, key) pairs of the chunks: c tokens after a prefix of p give c*p + c*(c+1)/2. */
  chunkPairs = 0;
  chunkPairsWindowed = 0;
  /** Sum of pairs / (p + c): short contexts use the tensor cores less well. */
  chunkPairsPerContext = 0;
  chunkPairsPerContextWindowed = 0;
  /** Sum of p + c: context tokens whose KV the chunks read. */
  chunkContext = 0;
  chunkContextWindowed = 0;
  /** Tokens with logits (all of the decodes, and the last of chunks that end their prompt): rows of the LM head. */
  sampled = 0;
  /** A pass of decodes that may not replay a captured graph, because another attention-DP rank prefills. */
  eager = false;
  /**
   * 0: the shape is the whole replica's, and its attention-DP ranks share it evenly. Above 0: the shape is one rank's, and
   * that many tokens of all ranks together pass through the experts.
   */
  groupTokens = 0;
  /** Sliding window in tokens; 0 = the model has none (the windowed sums then equal the full ones and go unread). */
  readonly window: number;

  constructor(window: number) {
    this.window = window;
  }

  clear(): void {
    this.decodes = 0;
    this.decodeTokens = 0;
    this.eager = false;
    this.groupTokens = 0;
    this.decodeContext = 0;
    this.decodeWindowed = 0;
    this.chunks = 0;
    this.chunkTokens = 0;
    this.chunkPairs = 0;
    this.chunkPairsWindowed = 0;
    this.chunkPairsPerContext = 0;
    this.chunkPairsPerContextWindowed = 0;
    this.chunkContext = 0;
    this.chunkContextWindowed = 0;
    this.sampled = 0;
  }

  /**
   * `sequences` decodes attending to `contextTokens` in all, `windowedTokens` inside the window, that compute `tokens`
   * tokens.
   */
  setDecodes(sequences: number, contextTokens: number, windowedTokens: number, tokens = sequences): void {
    this.sampled += tokens - this.decodeTokens;
    this.decodes = sequences;
    this.decodeTokens = tokens;
    this.decodeContext = contextTokens;
    this.decodeWindowed = windowedTokens;
  }

  /** A chunk of `tokens` >= 1 new tokens after `prefixTokens` >= 0 whose KV exists; `samples` if it ends the prompt. */
  addChunk(prefixTokens: number, tokens: number, samples: boolean): void {
    const context = prefixTokens + tokens;
    const pairs = tokens * prefixTokens + (tokens * (tokens + 1)) / 2;
    this.chunks += 1;
    this.chunkTokens += tokens;
    this.chunkPairs += pairs;
    this.chunkPairsPerContext += pairs / context;
    this.chunkContext += context;
    if (this.window > 0) {
      const windowedPairs = windowedPairsOf(prefixTokens, tokens, this.window);
      const seen = Math.min(context, this.window);
      this.chunkPairsWindowed += windowedPairs;
      this.chunkPairsPerContextWindowed += windowedPairs / seen;
      // A windowed layer reads the chunk itself and at most window-1 tokens before it.
      this.chunkContextWindowed += tokens + Math.min(prefixTokens, this.window - 1);
    }
    if (samples) this.sampled += 1;
  }
}

/** Sum over the chunk's tokens of min(position + 1, window). */
function windowedPairsOf(prefix: number, tokens: number, window: number): number {
  const growing = Math.min(tokens, Math.max(0, window - prefix));
  return growing * prefix + (growing * (growing + 1)) / 2 + (tokens - growing) * window;
}
