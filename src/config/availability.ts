import type { EngineAt } from './engineAt.ts';
import { engineFlag, findKnob } from './knobs.ts';
import type { Path } from './paths.ts';
import type { Problems } from './problems.ts';

/** Adds a problem for every knob given in `value` that the engine does not have, or whose value it does not know. */
export function refuseUnavailable(value: unknown, path: Path, engine: EngineAt, problems: Problems): void {
  if (typeof value !== 'object' || value === null) {
    const refusal = value === undefined ? null : unavailable(path.join('.'), value, engine);
    if (refusal !== null) problems.add(path, refusal.message, refusal.hint);
    return;
  }
  if (Array.isArray(value)) return;
  for (const [key, child] of Object.entries(value)) refuseUnavailable(child, [...path, key], engine, problems);
}

/** Why a knob cannot be set, or not to that value; null when it can. */
export function unavailable(
  path: string,
  value: unknown,
  { backend, version, profile }: EngineAt,
): { readonly message: string; readonly hint?: string } | null {
  const knob = findKnob(path);
  if (knob === undefined) return null;
  const { domain } = knob;
  if (engineFlag(knob, backend, version) === undefined) {
    const since = knob.engines?.[backend]?.since;
    if (since !== undefined) return { message: `${profile.name} has it since ${since}, and this is ${version}` };
    const hint = knob.instead?.[backend];
    return { message: `${profile.name} has no such setting`, ...(hint === undefined ? {} : { hint }) };
  }
  const choices = domain.kind === 'choice' ? domain.of?.[backend] : undefined;
  if (choices === undefined || choices.includes(String(value))) return null;
  return { message: `${profile.name} has ${choices.join(', ')}, got "${String(value)}"` };
}
