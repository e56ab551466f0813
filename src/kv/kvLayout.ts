import type { KvGroup, StateGroup } from '../timing/kvGroup.ts';

/** What a KV manager is made for. */
export interface KvLayout {
  /** At least one; with full attention among several, that one comes first. */
  readonly groups: readonly KvGroup[];
  /** Blocks allocated, the null block included. */
  readonly blocks: number;
  /** Longest context (vLLM `max_model_len`). */
  readonly contextLength: number;
  /** Tokens of one request that may be under way: tokens of a batch times batches in flight. */
  readonly inFlightTokens: number;
  readonly prefixCaching: boolean;
  /** Freed blocks without a name go to the front of the free queue (vLLM since 2026-06-04), else everything to its tail. */
  readonly unhashedFreedFirst: boolean;
  /**
   * Which blocks of windows and states are published: null = all that can end a hit, n > 0 = those that end one every n
   * tokens, 0 = none; the latter two also what the prompt's replay and a detected junction need (vLLM 2026-08-17: 0).
   */
  readonly retentionTokens: number | null;
}

/** Least common multiple of the groups' block sizes: what a hit is a multiple of. */
export function alignmentOf(groups: readonly KvGroup[]): number {
  return groups.reduce((lcm, { blockTokens }) => (lcm / greatestCommonDivisor(lcm, blockTokens)) * blockTokens, 1);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Blocks in which a hit's last tokens must be cached for a window of `window` tokens (one more if one is given up). */
export function blocksOfHit(window: number, blockTokens: number, dropsLastHit: boolean): number {
  return Math.ceil((window - 1) / blockTokens) + (dropsLastHit ? 1 : 0);
}

/** Leading pages of `known` tokens that full attention could find cached: the last token is always computed. */
export function mostReusable(known: number, { groups: [{ blockTokens, dropsLastHit }] }: KvLayout): number {
  return Math.max(0, Math.floor((known - 1) / blockTokens) - (dropsLastHit ? 1 : 0));
}

/** Leading tokens of a group that a request with `computed` tokens will not look at any more. */
export function skippedTokens(group: KvGroup, computed: number): number {
  switch (group.kind) {
    case 'full':
      return 0;
    case 'window':
      return Math.max(0, computed - group.window + 1);
    case 'chunked':
      return Math.floor(computed / group.chunk) * group.chunk;
    case 'state':
      return Math.max(0, computed - 1);
  }
}

/** The least number of tokens above `computed` at which a further block lies wholly among the skipped. */
export function nextSkip(group: KvGroup, computed: number): number {
  const { blockTokens } = group;
  switch (group.kind) {
    case 'full':
      return Number.POSITIVE_INFINITY;
    case 'window':
      return (Math.floor(skippedTokens(group, computed) / blockTokens) + 1) * blockTokens + group.window - 1;
    case 'chunked':
      return (Math.floor(computed / group.chunk) + 1) * group.chunk;
    case 'state':
      return Math.ceil(Math.max(1, computed) / blockTokens) * blockTokens + 1;
  }
}

/** The group of states that are cached at block ends, if there is one. */
export function alignedStateOf({ groups }: KvLayout): StateGroup | null {
  const state = groups.find((group) => group.kind === 'state');
  return state?.aligned ? state : null;
}

/**
 * How many of the next `tokens` tokens of a prompt a pass may compute where a state can be cached only at the end of a chunk
 * (vLLM `_mamba_block_aligned_split` at 017e9f4): chunks end at block ends, one at the last of all `known` tokens (a block
 * before where a hit gives up its last one) and one where another request's text was seen to part (`junction`, 0 = nowhere).
 * 0: not even one block. Decodes are left alone.
 * @param start tokens computed so far
 * @param prompt tokens of the prompt; after a preemption `known` is more
 */
export function alignedChunk(
  { blockTokens, dropsLastHit }: StateGroup,
  start: number,
  tokens: number,
  prompt: number,
  known: number,
  junction: number,
): number {
  if (start >= Math.max(prompt, known - 1)) return tokens;
  const floor = (count: number): number => Math.floor(count / blockTokens) * blockTokens;
  const last = Math.max(0, floor(known) - (dropsLastHit ? blockTokens : 0));
  let end = start + tokens;
  if (end < last) end = floor(end);
  const next = floor(start) + blockTokens;
  const stops = [start % blockTokens !== 0 && next <= last ? next : 0, last];
  if (start < junction && junction < end) stops.push(start + floor(junction - start));
  for (const stop of stops) if (start < stop && stop < end) end = stop;
  return Math.max(0, end - start);
}

/** Whether block `block` of a group is worth publishing: whether it can be part of what ends a hit. */
export function isPublished(
  group: KvGroup,
  block: number,
  alignment: number,
  retentionTokens: number | null,
  replayTokens: number,
  junction: number,
): boolean {
  if (group.kind === 'full' || group.kind === 'chunked') return true;
  const { blockTokens } = group;
  const isState = group.kind === 'state';
  const shift = !isState && group.dropsLastHit ? 1 : 0;
  const needed = isState ? 1 : blocksOfHit(group.window, blockTokens, group.dropsLastHit);
  if (retentionTokens !== 0) {
    if (isState && retentionTokens === null) return true;
    const perSegment = Math.floor((retentionTokens ?? alignment) / blockTokens);
    if (needed >= perSegment) return true;
    if (block >= shift && (block - shift) % perSegment >= perSegment - needed) return true;
  }
  if (retentionTokens === null) return false;
  return endsAt(replayTokens) || (junction > 0 && endsAt(junction));

  function endsAt(tokens: number): boolean {
    const end = (Math.floor(tokens / alignment) * alignment) / blockTokens + shift;
    return block < end && block >= end - needed;
  }
}
