import type { ChunkingPolicy } from './trtllmConfig.ts';

/** What the micro-batch scheduler asks of a request that fits the KV pool. Counts are tokens. */
export interface MicroBatchView<T> {
  isContext(item: T): boolean;
  /** Prompt tokens not computed yet. */
  restOf(item: T): number;
  /** Leading tokens of them that are cached, before the first chunk. */
  reusableOf(item: T): number;
  /** Drafts it brings. */
  draftsOf(item: T): number;
}

export interface MicroBatchLimits {
  readonly maxTokens: number;
  readonly maxRequests: number;
  /** null: no prompt is cut. Chunks that are cut are multiples of `unit` tokens. */
  readonly chunking: { readonly policy: ChunkingPolicy; readonly unit: number } | null;
}

export interface MicroBatch<T> {
  readonly generations: T[];
  /** Contexts with their chunks, cached tokens included; those that end their prompts come last if prompts are cut. */
  readonly contexts: { readonly item: T; readonly tokens: number }[];
}

/** Chooses what one forward pass computes, in the order given and up to the first that does not fit (microBatchScheduler.cpp at 05ce661f). */
export function chooseMicroBatch<T>(
  fitting: readonly T[],
  view: MicroBatchView<T>,
  { maxTokens, maxRequests, chunking }: MicroBatchLimits,
): MicroBatch<T> {
  const generations: T[] = [];
  const contexts: T[] = [];
  let tokens = 0;
  let prompts = 0;
  for (const item of fitting) {
    if (!view.isContext(item)) {
      const cost = 1 + view.draftsOf(item);
      if (tokens + cost > maxTokens) break;
      generations.push(item);
      tokens += cost;
    } else if (chunking === null) {
      const cost = Math.max(1, computedTokens(view, item, view.restOf(item)) + view.draftsOf(item));
      if (tokens + cost > maxTokens) break;
      contexts.push(item);
      tokens += cost;
    } else {
      contexts.push(item);
      prompts += computedTokens(view, item, view.restOf(item)) + view.draftsOf(item);
    }
    if (generations.length + contexts.length >= maxRequests) break;
  }
  const room = maxTokens - tokens;
  const whole = chunking === null || prompts <= room;
  const chunks = whole ? contexts.map((item) => view.restOf(item)) : cut(contexts, view, room, chunking);
  const chosen = contexts.map((item, index) => ({ item, tokens: chunks[index] })).filter((chunk) => chunk.tokens > 0);
  if (chunking === null) return { generations, contexts: chosen };
  const ends = ({ item, tokens: size }: { item: T; tokens: number }): boolean => size === view.restOf(item);
  return { generations, contexts: [...chosen.filter((chunk) => !ends(chunk)), ...chosen.filter(ends)] };
}

/** Tokens that a chunk costs: cached ones move it along, and shorten it only at the prompt's end. */
function computedTokens<T>(view: MicroBatchView<T>, item: T, chunk: number): number {
  const reusable = view.reusableOf(item);
  const rest = view.restOf(item);
  return reusable <= 0 || reusable + chunk < rest ? chunk : Math.max(0, rest - reusable);
}

function cut<T>(
  contexts: readonly T[],
  view: MicroBatchView<T>,
  room: number,
  { policy, unit }: NonNullable<MicroBatchLimits['chunking']>,
): number[] {
  return policy === 'EQUAL_PROGRESS' ? cutEqually(contexts, view, room, unit) : cutInOrder(contexts, view, room, unit);
}

/** Each takes all it can. */
function cutInOrder<T>(contexts: readonly T[], view: MicroBatchView<T>, room: number, unit: number): number[] {
  let left = room;
  return contexts.map((item) => {
    const rest = view.restOf(item);
    const fits = computedTokens(view, item, rest) <= left;
    const chunk = fits ? rest : Math.floor(Math.min(rest, left) / unit) * unit;
    left -= computedTokens(view, item, chunk);
    return chunk;
  });
}

/** Rounds that give each one unit more, as long as somebody's still fits. */
function cutEqually<T>(contexts: readonly T[], view: MicroBatchView<T>, room: number, unit: number): number[] {
  const chunks = contexts.map(() => 0);
  let left = room;
  for (let grows = true; grows && left > 0; ) {
    grows = false;
    for (const [index, item] of contexts.entries()) {
      const chunk = Math.min(view.restOf(item), chunks[index] + unit);
      const reusable = view.reusableOf(item);
      const cost = Math.max(0, chunk - reusable) - Math.max(0, chunks[index] - reusable);
      if (chunk === chunks[index] || cost > left) continue;
      chunks[index] = chunk;
      left -= cost;
      grows = true;
    }
  }
  return chunks;
}
