import { PageHold } from '../../kv/pageHold.ts';

/** One request, with everything about it written down plainly after every pass (vLLM's Request). */
export class Job {
  readonly request: number;
  readonly input: number;
  /** Tokens this worker generates for it. */
  readonly output: number;
  readonly hold: PageHold;
  readonly priority: number;
  /** When it was enqueued. */
  readonly arrivalNs: number;
  status: 'waiting' | 'loading' | 'loaded' | 'running' | 'held' = 'waiting';
  /** Its prompt's KV comes from a prefill worker. */
  remote = false;
  /** Blocks that come up from the tiers, or did so last, and when the last of them is there. */
  loadFrom = 0;
  loadTo = 0;
  loadedNs = -1;
  /** Tokens computed or scheduled. */
  computed = 0;
  /** Tokens that are out. */
  generated = 0;
  /** Tokens that passes in flight will bring out and that later passes build on. */
  placeholders = 0;
  /** Tokens that come out of passes it was evicted from. */
  stale = 0;
  /** Drafts that passes in flight will reject: until then they count as computed. */
  optimism = 0;
  /** vLLM: it was scheduled last with a part of its known tokens (is_prefill_chunk). */
  isMidPrompt = false;
  /** Its known tokens have all been scheduled once since it was admitted: it decodes. */
  decodes = false;
  /** The pass that completed them is over: its time is a decode's. */
  countsAsDecode = false;
  accountedNs: number;
  /** -1 = none yet. */
  lastTokenNs = -1;
  evictedNs = -1;
  regain = 0;

  constructor(request: number, input: number, output: number, priority: number, nowNs: number) {
    this.request = request;
    this.input = input;
    this.output = output;
    this.priority = priority;
    this.hold = new PageHold(request, input);
    this.arrivalNs = nowNs;
    this.accountedNs = nowNs;
  }

  /** Prompt and generated tokens. */
  get known(): number {
    return this.input + this.generated;
  }

  /** Known tokens and those that will be once what is in flight is over. */
  get expected(): number {
    return this.known + this.placeholders + this.stale;
  }
}

/** Of a share. */
export const NO_DRAFTS: Pick<Share, 'drafts' | 'rejects' | 'aloneNs' | 'fate'> = {
  drafts: 0,
  rejects: 0,
  aloneNs: 0,
  fate: 'due',
};

/** What a pass does for one job. */
export interface Share {
  readonly job: Job;
  /** Its drafts are among them. */
  readonly tokens: number;
  /** Computed tokens before it. */
  readonly before: number;
  /** Its last token and its drafts, as a decode and not as a chunk of a prompt. */
  readonly decodes: boolean;
  /** Tokens come out: so many. */
  readonly completes: boolean;
  readonly yields: number;
  /** Drafts that can be accepted, and drafts that are not. */
  readonly drafts: number;
  readonly rejects: number;
  aloneNs: number;
  /** `late`: the job was evicted meanwhile; `void`: and its token is not wanted. */
  fate: 'due' | 'late' | 'void';
}
