/** What one kind of server (model, GPU, engine) does differently from all of them; 1 and 0 change nothing. */
export interface Correction {
  /** Of decoding, without its context; of prompt tokens, alone or on top of the decodes in their pass; of decode context. */
  readonly decode: number;
  readonly prefill: number;
  readonly context: number;
  /** Decoding of n sequences takes (n / 32)^decodeBatch times as long. */
  readonly decodeBatch: number;
}
