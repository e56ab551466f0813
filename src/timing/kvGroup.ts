/**
 * Layers that page their KV alike and share one block table per request (vLLM's KV cache groups). All groups of a model
 * draw blocks from one pool.
 */
export type KvGroup = FullGroup | WindowGroup | ChunkedGroup | StateGroup;

interface GroupOfLayers {
  /** Tokens of one block. */
  readonly blockTokens: number;
  /** A hit gives up its last block, which an EAGLE or MTP head needs the hidden states of. */
  readonly dropsLastHit: boolean;
}

/** Every token is kept. */
export interface FullGroup extends GroupOfLayers {
  readonly kind: 'full';
}

/** A token sees itself and the `window` - 1 before it. */
export interface WindowGroup extends GroupOfLayers {
  readonly kind: 'window';
  readonly window: number;
}

/** A token sees those of its own chunk of `chunk` tokens (Llama 4). */
export interface ChunkedGroup extends GroupOfLayers {
  readonly kind: 'chunked';
  readonly chunk: number;
}

/**
 * One recurrent state per request, whatever its length (Mamba, gated DeltaNet). `aligned`: states at block ends can be
 * cached (vLLM `mamba_cache_mode=align`); otherwise the one block is as long as the context (`none`).
 */
export interface StateGroup extends GroupOfLayers {
  readonly kind: 'state';
  readonly aligned: boolean;
  /** States kept besides the running one while drafts are verified. */
  readonly draftBlocks: number;
}

/**
 * Blocks of a group one request can come to hold, at most, while its blocks behind the window are given back: what
 * admission and start-up reckon with (vLLM `max_admission_blocks_per_request`). Infinity when nothing is given back.
 */
export function admissionCap(group: KvGroup, inFlightTokens: number, contextLength: number): number {
  switch (group.kind) {
    case 'window':
      return Math.ceil(Math.min(group.window - 1 + inFlightTokens, contextLength) / group.blockTokens) + 1;
    case 'chunked':
      return Math.ceil(Math.min(group.chunk + inFlightTokens, contextLength) / group.blockTokens);
    default:
      return Number.POSITIVE_INFINITY;
  }
}
