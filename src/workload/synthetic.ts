import { RandomStream } from '../base/random.ts';
import { drawLength, drawThinkNs, type LengthDistribution, type ThinkDistribution } from './lengths.ts';
import type { Workload } from './workload.ts';
import { WorkloadBuilder } from './workloadBuilder.ts';

export interface SyntheticOptions {
  readonly name: string;
  /** New input of a turn: without sessions and shared prefix, the prompt. */
  readonly inputTokens: LengthDistribution;
  readonly outputTokens: LengthDistribution;
  /** So many whole sessions (single turns without `sessions`), or so many requests, the last session cut short. */
  readonly size: { readonly sessions: number } | { readonly requests: number };
  /** Prefixes put before the input, such as system prompts: `groups` of them, each session picks one at random. */
  readonly sharedPrefix: { readonly groups: number; readonly tokens: LengthDistribution } | null;
  /** Multi-turn: each turn's prompt is the whole conversation so far plus new input. */
  readonly sessions: { readonly turns: LengthDistribution; readonly think: ThinkDistribution } | null;
  /** Tokens one block id names, >= 1. */
  readonly blockTokens: number;
}

/**
 * Makes a workload of random lengths. All first turns arrive at 0: a load says when they really do. Draws are named by
 * session number, so that more sessions, or another output length, change nothing else.
 */
export function makeSynthetic(options: SyntheticOptions, seed: number): Workload {
  const builder = new WorkloadBuilder(options.name, options.blockTokens);
  const content = new ContentNames(options, seed);
  const maxSessions = 'sessions' in options.size ? options.size.sessions : Number.POSITIVE_INFINITY;
  const maxRequests = 'requests' in options.size ? options.size.requests : Number.POSITIVE_INFINITY;
  for (let session = 0; session < maxSessions && builder.count < maxRequests; session++) {
    addSession(builder, options, content, session, maxRequests, seed);
  }
  return builder.build();
}

function addSession(
  builder: WorkloadBuilder,
  options: SyntheticOptions,
  content: ContentNames,
  session: number,
  maxRequests: number,
  seed: number,
): void {
  const streamOf = (quantity: string) => new RandomStream(seed, quantity, session);
  const inputs = streamOf('input tokens');
  const outputs = streamOf('output tokens');
  const thinks = streamOf('think time');
  const turns = options.sessions === null ? 1 : Math.max(1, drawLength(options.sessions.turns, streamOf('turns')));
  const prefix = content.pickPrefix(session);
  const ids = content.startConversation(prefix);
  let contextTokens = prefix.tokens;
  for (let turn = 0; turn < turns && builder.count < maxRequests; turn++) {
    const inputTokens = Math.max(1, contextTokens + drawLength(options.inputTokens, inputs));
    const outputTokens = Math.max(1, drawLength(options.outputTokens, outputs));
    contextTokens = inputTokens + outputTokens;
    const sharesContent = turns > 1 || prefix.tokens > 0;
    builder.add({
      arrivalNs: 0,
      inputTokens,
      outputTokens,
      ...(sharesContent ? { blockIds: ids.upTo(inputTokens) } : {}),
      ...(turns > 1 ? { session: `s${session}` } : {}),
      ...(turn > 0 && options.sessions !== null ? { thinkNs: drawThinkNs(options.sessions.think, thinks) } : {}),
    });
  }
}

interface Prefix {
  readonly group: number;
  readonly tokens: number;
}

/** Names blocks of content by whole numbers: equal content, equal name. */
class ContentNames {
  readonly #options: SyntheticOptions;
  readonly #seed: number;
  readonly #prefixTokens: readonly number[];
  readonly #prefixIds = new Map<number, readonly number[]>();
  #nextId = 0;

  constructor(options: SyntheticOptions, seed: number) {
    this.#options = options;
    this.#seed = seed;
    const shared = options.sharedPrefix;
    this.#prefixTokens =
      shared === null
        ? []
        : Array.from({ length: shared.groups }, (_, group) =>
            drawLength(shared.tokens, new RandomStream(seed, 'prefix tokens', group)),
          );
  }

  pickPrefix(session: number): Prefix {
    const groups = this.#prefixTokens.length;
    if (groups === 0) return { group: -1, tokens: 0 };
    const group = new RandomStream(this.#seed, 'prefix group', session).integer(0, groups - 1);
    return { group, tokens: this.#prefixTokens[group] };
  }

  /** The blocks of a conversation, which only ever grows at its end; blocks inside the prefix are the group's. */
  startConversation(prefix: Prefix): { upTo(tokens: number): readonly number[] } {
    const { blockTokens } = this.#options;
    let ids = this.#prefixIds.get(prefix.group);
    if (ids === undefined) {
      ids = Array.from({ length: Math.floor(prefix.tokens / blockTokens) }, () => this.#newId());
      this.#prefixIds.set(prefix.group, ids);
    }
    const conversation = [...ids];
    return {
      upTo: (tokens) => {
        const blocks = Math.ceil(tokens / blockTokens);
        while (conversation.length < blocks) conversation.push(this.#newId());
        return conversation.slice(0, blocks);
      },
    };
  }

  #newId(): number {
    this.#nextId += 1;
    return this.#nextId - 1;
  }
}
