import { candidateConfig } from '../config/candidateConfig.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { Assignment, RecommendConfig } from '../config/recommendConfig.ts';
import type { RefusalCounts } from './refusal.ts';
import type { RoleOption } from './roleOptions.ts';

/** Candidates that share mode, hardware, routing, load: all pairs (or singles) of role options that are allowed together. */
export interface CandidateGroup {
  readonly shared: Assignment;
  readonly roles: readonly (readonly RoleOption[])[];
  /** Ascending: index into the first role's options x options of the second + index into the second's. */
  readonly members: Uint32Array;
}

/**
 * Every legal candidate of a goal, by number in order of enumeration. A candidate is resolved to a configuration only
 * when it is asked for, so that a space of millions costs four bytes each.
 */
export class CandidateSpace {
  readonly size: number;
  readonly groups: readonly CandidateGroup[];
  /** Points of the product of all domains. */
  readonly enumerated: number;
  readonly refusals: readonly RefusalCounts[];
  readonly #config: RecommendConfig;
  readonly #facts: Facts;
  /** First candidate of each group. */
  readonly #offsets: readonly number[];

  constructor(
    config: RecommendConfig,
    facts: Facts,
    found: {
      readonly groups: readonly CandidateGroup[];
      readonly enumerated: number;
      readonly refusals: readonly RefusalCounts[];
    },
  ) {
    this.#config = config;
    this.#facts = facts;
    this.groups = found.groups.filter(({ members }) => members.length > 0);
    this.enumerated = found.enumerated;
    this.refusals = found.refusals;
    let size = 0;
    this.#offsets = this.groups.map(({ members }) => {
      size += members.length;
      return size - members.length;
    });
    this.size = size;
  }

  place(candidate: number): { group: number; options: readonly number[] } {
    let low = 0;
    let high = this.#offsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#offsets[middle] <= candidate) low = middle;
      else high = middle - 1;
    }
    const { members, roles } = this.groups[low];
    const member = members[candidate - this.#offsets[low]];
    if (roles.length === 1) return { group: low, options: [member] };
    const width = roles[1].length;
    return { group: low, options: [Math.floor(member / width), member % width] };
  }

  /** null where these options are not allowed together. */
  find(group: number, options: readonly number[]): number | null {
    const { members, roles } = this.groups[group];
    const wanted = roles.length === 1 ? options[0] : options[0] * roles[1].length + options[1];
    let low = 0;
    let high = members.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (members[middle] === wanted) return this.#offsets[group] + middle;
      if (members[middle] < wanted) low = middle + 1;
      else high = middle - 1;
    }
    return null;
  }

  assignment(candidate: number): Assignment {
    const { group, options } = this.place(candidate);
    const { shared, roles } = this.groups[group];
    return Object.assign({}, shared, ...options.map((option, role) => roles[role][option].assignment));
  }

  /** @throws InputError where its parts, each legal, are illegal together. */
  config(candidate: number): PredictConfig {
    return candidateConfig(this.#config, this.assignment(candidate), this.#facts);
  }

  /** Of a group's first candidate: what it shares with the others. */
  configOfGroup(group: number): PredictConfig {
    return this.config(this.#offsets[group]);
  }

  *configs(): Generator<PredictConfig> {
    for (let candidate = 0; candidate < this.size; candidate++) yield this.config(candidate);
  }
}
