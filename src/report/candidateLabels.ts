import type { Evaluated } from '../recommend/recommendation.ts';
import { formatNumber } from './format.ts';

/** Words for the knobs that most often tell two candidates of one shape apart, by the last two steps of their paths. */
const WORDS: Readonly<Record<string, (value: string | number) => string>> = {
  'scheduler.max_batched_tokens': (value) => `${formatNumber(Number(value))} tokens a pass`,
  'scheduler.max_sequences': (value) => `${formatNumber(Number(value))} sequences a pass`,
  'scheduler.policy': (value) => `${spaced(value)} scheduling`,
  'router.policy': (value) => `${spaced(value)} routing`,
  'planner.policy': (value) => `${spaced(value)} planner`,
  'targets.value': (value) => `target ${value}`,
};

function spaced(name: string | number): string {
  return String(name).replaceAll('_', ' ');
}

type Leaves = ReadonlyMap<string, string | number>;

/** Of each candidate its shape, and what tells it from the others of that shape at that load. */
export function candidateLabels(candidates: readonly Evaluated[]): string[] {
  const groups = new Map<string, Leaves[]>();
  const keyed = candidates.map((candidate) => {
    const key = JSON.stringify([candidate.shape, candidate.load]);
    const leaves: Leaves = new Map(leavesOf(candidate.config));
    groups.set(key, [...(groups.get(key) ?? []), leaves]);
    return { candidate, key, leaves };
  });
  return keyed.map(({ candidate, key, leaves }) =>
    [candidate.shape, ...wordsApart(leaves, groups.get(key)!)].join(', '),
  );
}

/** What others have with another value. What only some have follows from that, unless nothing else tells them apart. */
function wordsApart(leaves: Leaves, group: readonly Leaves[]): string[] {
  const differing = [...leaves].filter(([path, value]) =>
    group.some((other) => other.has(path) && other.get(path) !== value),
  );
  const isAlone = group.every(
    (other) => other === leaves || differing.some(([path, value]) => other.has(path) && other.get(path) !== value),
  );
  const apart = isAlone
    ? differing
    : [...leaves].filter(([path, value]) => group.some((other) => other.get(path) !== value));
  return apart.map(([path, value]) => wordsOf(path, value));
}

function wordsOf(path: string, value: string | number): string {
  const steps = path.split('.').filter((step) => !/^\d+$/.test(step));
  const role = steps.find((step) => step === 'prefill' || step === 'decode');
  const words = WORDS[steps.slice(-2).join('.')]?.(value) ?? `${spaced(steps[steps.length - 1])} ${value}`;
  return role === undefined ? words : `${role} ${words}`;
}

function leavesOf(value: unknown, path = ''): [string, string | number][] {
  if (typeof value !== 'object' || value === null) return [[path, typeof value === 'number' ? value : String(value)]];
  return Object.entries(value).flatMap(([key, child]) => leavesOf(child, path === '' ? key : `${path}.${key}`));
}
