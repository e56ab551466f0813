import type { Evaluated } from '../recommend/recommendation.ts';
import { formatNumber } from './format.ts';

/** Words for the knobs that most often tell two candidates of one shape apart. */
const WORDS: Readonly<Record<string, (value: string | number) => string>> = {
  max_batched_tokens: (value) => `${formatNumber(Number(value))} tokens a pass`,
  max_sequences: (value) => `${formatNumber(Number(value))} sequences a pass`,
  policy: (value) => `${String(value).replaceAll('_', ' ')} routing`,
};

/** Of each candidate its shape, and what tells it from the others of that shape at that load. */
export function candidateLabels(candidates: readonly Evaluated[]): string[] {
  const groups = new Map<string, Map<string, string | number>[]>();
  const keyed = candidates.map((candidate) => {
    const key = JSON.stringify([candidate.shape, candidate.load]);
    const leaves = new Map(leavesOf(candidate.config));
    groups.set(key, [...(groups.get(key) ?? []), leaves]);
    return { candidate, key, leaves };
  });
  return keyed.map(({ candidate, key, leaves }) => {
    const group = groups.get(key)!;
    const apart = [...leaves].filter(([path, value]) => group.some((other) => other.get(path) !== value));
    return [candidate.shape, ...apart.map(([path, value]) => wordsOf(path, value))].join(', ');
  });
}

function wordsOf(path: string, value: string | number): string {
  const steps = path.split('.');
  const role = steps.find((step) => step === 'prefill' || step === 'decode');
  const name = steps[steps.length - 1];
  const words = WORDS[name]?.(value) ?? `${name.replaceAll('_', ' ')} ${value}`;
  return role === undefined ? words : `${role} ${words}`;
}

function leavesOf(value: unknown, path = ''): [string, string | number][] {
  if (typeof value !== 'object' || value === null) return [[path, typeof value === 'number' ? value : String(value)]];
  return Object.entries(value).flatMap(([key, child]) => leavesOf(child, path === '' ? key : `${path}.${key}`));
}
