import facts from './expertParallel.json' with { type: 'json' };
import type { Sourced } from './hardware.ts';

/** What is published about experts spread over many GPUs. */
export interface ExpertParallelFacts {
  /** Tokens of the busiest expert rank against the mean of all, less 1: with experts as they come, and placed by a balancer. */
  readonly imbalance: { readonly unbalanced: Sourced<number>; readonly balanced: Sourced<number> };
  /** An all-to-all between nodes: how long until the first byte, and the share of a NIC's bandwidth that it reaches. */
  readonly network_exchange: { readonly start_us: Sourced<number>; readonly link_share: Sourced<number> };
}

export const EXPERT_PARALLEL: ExpertParallelFacts = facts;
