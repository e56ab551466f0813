export interface FlagGroup {
  readonly reason: string;
  /** What a refusal offers. */
  readonly hint?: string;
  /** Flags that take a value. */
  readonly values?: readonly string[];
  /** Flags that take none; vLLM's also as `--no-...`. */
  readonly switches?: readonly string[];
  /** Flags that take several values. */
  readonly lists?: readonly string[];
  /** Values at which the flag changes nothing. */
  readonly harmless?: readonly string[];
}

export interface OtherFlags {
  readonly ignored: readonly FlagGroup[];
  readonly refused: readonly FlagGroup[];
}

/** The group a flag or key belongs to; a key below one that is named belongs to it. */
export function findGroup(groups: readonly FlagGroup[], name: string): FlagGroup | undefined {
  return groups.find(({ values = [], switches = [], lists = [] }) =>
    [...values, ...switches, ...lists].some((known) => known === name || name.startsWith(`${known}.`)),
  );
}
