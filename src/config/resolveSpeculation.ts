import type { Path } from './paths.ts';
import type { SpeculationConfig } from './predictConfig.ts';
import type { WorkerInput } from './predictSchema.ts';
import type { Problems } from './problems.ts';

/** Fills in one probability for each draft. */
export function resolveSpeculation(
  given: WorkerInput['speculation'],
  path: Path,
  problems: Problems,
): SpeculationConfig | null {
  if (given == null || given.draft_tokens === 0) return null;
  const { method, draft_tokens, acceptance, accepted_length, draft_model = null } = given;
  const at = (key: string): Path => [...path, 'speculation', key];
  if ((acceptance === undefined) === (accepted_length === undefined)) {
    const problem =
      acceptance === undefined ? 'required: how many drafts are accepted' : 'has no place beside acceptance';
    const hint =
      acceptance === undefined ? 'a probability, one for each draft, or accepted_length' : 'remove one of them';
    problems.add(at(acceptance === undefined ? 'acceptance' : 'accepted_length'), problem, hint);
  }
  if (accepted_length !== undefined && accepted_length > draft_tokens + 1) {
    problems.add(
      at('accepted_length'),
      `must be at most draft_tokens + 1 = ${draft_tokens + 1}, got ${accepted_length}`,
    );
  }
  if (Array.isArray(acceptance) && acceptance.length !== draft_tokens) {
    problems.add(at('acceptance'), `must have one value for each of ${draft_tokens} drafts, got ${acceptance.length}`);
  }
  const each = accepted_length === undefined ? acceptance : acceptanceOf(accepted_length, draft_tokens);
  const list = Array.isArray(each) ? each : Array.from({ length: draft_tokens }, () => each ?? 0);
  return { method, draft_tokens, acceptance: list, draft_model };
}

/** The probability, the same at each of `drafts` positions, that gives `length` tokens a pass: length = 1 + p + ... + p^drafts. */
export function acceptanceOf(length: number, drafts: number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (acceptedLength(Array.from({ length: drafts }, () => middle)) < length) low = middle;
    else high = middle;
  }
  return high;
}

/** Mean tokens a sequence gains in a pass, its own included. */
export function acceptedLength(acceptance: readonly number[]): number {
  let reached = 1;
  let tokens = 1;
  for (const each of acceptance) {
    reached *= each;
    tokens += reached;
  }
  return tokens;
}
