import type { PlainNode } from '../../kv/plainRadixTree.ts';

/** One request inside a plain rank, everything about it written down after every step. */
export class PlainJob {
  readonly request: number;
  readonly inputTokens: number;
  /** Tokens it really generates, and the most it might as far as the scheduler knows. */
  readonly output: number;
  readonly maxNewTokens: number;
  /** Tokens that came out, as far as results have been processed. */
  generated = 0;
  /** Tokens that will come out of batches in flight. */
  inFlight = 0;
  /** KV slots it has: what is computed or in flight. */
  slots = 0;
  /** With drafts: tokens whose KV is known to stay, and slots it has been given. */
  committed = 0;
  allocated = 0;
  /** Of its pages, those that are the tree's, locked from `node` up. */
  treePages = 0;
  node: PlainNode | null = null;
  /** Slots as of the last time it was put into the tree. */
  inserted = 0;
  /** Tokens of its last prefill, cached ones included: all that the tree learns of it without `keepsGenerated`. */
  prefilled = 0;
  /** Changes when it loses its KV: what was in flight for it is then thrown away. */
  life = 0;
  isFinished = false;
  /** Until when its time has been said to go somewhere. */
  accountedNs: number;
  lastTokenNs: number;
  /** Its first token here, which came with its KV, is not out. */
  owesToken = false;
  evictedNs = -1;
  /** Tokens that must be computed again until it is where it was when it lost its KV. */
  regain = 0;

  /** `lastTokenNs`: when its last token came out of another worker; -1 = none did. */
  constructor(
    request: number,
    inputTokens: number,
    output: number,
    maxNewTokens: number,
    lastTokenNs: number,
    nowNs: number,
  ) {
    this.request = request;
    this.inputTokens = inputTokens;
    this.output = output;
    this.maxNewTokens = maxNewTokens;
    this.lastTokenNs = lastTokenNs;
    this.accountedNs = nowNs;
  }

  /** Prompt and generated tokens. */
  get knownTokens(): number {
    return this.inputTokens + this.generated;
  }
}

/** A job's part in one batch. */
export interface PlainPart {
  readonly job: PlainJob;
  readonly life: number;
  readonly kind: 'chunk' | 'decode';
  /** Tokens before those it computes, and these. */
  readonly prefix: number;
  readonly tokens: number;
  /** Its next token comes out of this batch. */
  readonly completes: boolean;
  /** With drafts: those it verifies, and how many tokens come out. */
  readonly drafts: number;
  readonly yields: number;
  /** Time its chunk would take alone; set when the batch starts. */
  aloneNs: number;
}

/** What one rank runs in a step, in the order of the batch. */
export interface PlainBatch {
  readonly parts: readonly PlainPart[];
  readonly isPrefill: boolean;
  /** It ends no sooner: KV comes up from the tiers. */
  readonly loadedNs: number;
}

export function partOf(job: PlainJob, kind: 'chunk' | 'decode', prefix: number, tokens: number): PlainPart {
  const completes = kind === 'decode' || prefix + tokens === job.knownTokens;
  return { job, life: job.life, kind, prefix, tokens, completes, drafts: 0, yields: 1, aloneNs: 0 };
}

/** The job still has the KV it had when the batch was formed, and goes on. */
export function isAlive({ job, life }: PlainPart): boolean {
  return job.life === life && !job.isFinished;
}
