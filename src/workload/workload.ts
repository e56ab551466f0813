/**
 * What arrives, as columns (structure of arrays, indexed by request number 0..count-1). The columns may live on
 * SharedArrayBuffers so that worker threads share one copy; nobody writes to them after loading.
 *
 * Block ids name content: id k at position j of a request stands for tokens [j*blockTokens, (j+1)*blockTokens) *and
 * everything before them* (ids are renumbered densely as nodes of the prefix tree, in order of first appearance), so two
 * requests share a prefix exactly as far as their ids agree. A request that ends inside a block shares its whole pages
 * before the end. The ids cover the prompt and, where the trace's next turn names it, generated text too: a request's
 * ids may reach past its prompt, never past input + output tokens (rounded up to a block).
 */
export interface Workload {
  readonly name: string;
  /** SHA-256 of the columns: what `config_hash` uses in place of a path. */
  readonly digest: string;
  readonly count: number;
  /** First turns: authored arrival since the start, whole ns, non-decreasing over first turns. Follow-up turns: -1. */
  readonly arrivalNs: Float64Array;
  /** Prompt length, >= 1. */
  readonly inputTokens: Int32Array;
  /** Tokens really generated, >= 1. */
  readonly outputTokens: Int32Array;
  /** What the client asked for (max_tokens); engines that reserve see this, not the truth. >= outputTokens. */
  readonly maxOutputTokens: Int32Array;
  /** Tokens one block id names. */
  readonly blockTokens: number;
  /** count + 1 offsets into blockIds. An empty range: nothing of the prompt is shared with anyone. */
  readonly blockOffsets: Int32Array;
  readonly blockIds: Int32Array;
  /** Ids are 0..blockIdCount-1. */
  readonly blockIdCount: number;
  /** Request that follows this one in its session, or -1. Always a larger number than this one's. */
  readonly nextTurn: Int32Array;
  /** 1 for turns that wait for a predecessor. */
  readonly isFollowUp: Uint8Array;
  /** Follow-up turns: time from the predecessor's completion to this turn's arrival, whole ns. 0 for first turns. */
  readonly thinkNs: Float64Array;
  /** How urgent requests are, as vLLM's API has it: less goes first. Left out: all alike, 0. */
  readonly priorities?: Int32Array;
  /** Index into classNames. */
  readonly classOf: Uint8Array;
  readonly classNames: readonly string[];
  /** What is odd about this workload, one sentence each (coarse clock, zero-output requests raised to 1, skipped lines). */
  readonly warnings: readonly string[];
}
