import type { SpellSpec } from './spells.ts';

/** What goes wrong with workers, by their numbers in the fleet. */
export interface FaultSpec {
  /** The worker loses everything at `atNs` and is back, empty, after `downNs` (Infinity = never). */
  readonly crashes: readonly { readonly worker: number; readonly atNs: number; readonly downNs: number }[];
  /** Crashes at random moments, exponential with this mean since the beginning or the last one's end; left out: none. */
  readonly random?: {
    readonly meanUpNs: number;
    readonly downNs: number;
    /** Each worker's nodes: whatever has a part on a node crashes with it. Left out: each worker by itself. */
    readonly nodesOf?: readonly (readonly number[])[];
  };
  /** Passes of these workers last `factor` times as long, from `atNs` (0) until `untilNs` (the end). */
  readonly stragglers: readonly {
    readonly worker: number;
    readonly factor: number;
    readonly atNs?: number;
    readonly untilNs?: number;
  }[];
  /** Passes of each worker last `factor` times as long now and then, each by itself. Left out: never. */
  readonly randomStragglers?: SpellSpec;
  /** A node's network cards, or a replica's own links, have `factor` (at most 1) of their bandwidth for a while. Needs a network. */
  readonly slowLinks?: readonly SlowLinks[];
  /** Now and then those of each node, or each replica's own, have `factor` of it, each by itself. Needs a network. Left out: never. */
  readonly randomSlowLinks?: RandomSlowLinks;
  /** How often a request lost with its worker starts anew, or goes on; then it has failed. */
  readonly retries: number;
  /** It goes on with the tokens that are out, which the next worker takes as part of its prompt (Dynamo's request migration). Left out: it starts anew. */
  readonly migrates?: boolean;
}

export interface RandomSlowLinks extends SpellSpec {
  readonly of: 'worker' | 'node';
}

export interface SlowLinks {
  readonly of: { readonly node: number } | { readonly worker: number };
  readonly factor: number;
  readonly atNs: number;
  /** Infinity = to the end. */
  readonly untilNs: number;
}

/** Whether workers may be lost with what they have. */
export function mayCrash(faults: FaultSpec | undefined): boolean {
  return faults !== undefined && (faults.crashes.length > 0 || faults.random !== undefined);
}
