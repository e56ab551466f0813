import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTATIONS } from './mutations.ts';

/** What the mutations do is checked by `npm run evidence:mutations`; here only that they still apply. */
describe('mutations of the fast core', () => {
  it('are more than twenty', () => {
    expect(MUTATIONS.length).toBeGreaterThan(20);
    expect(new Set(MUTATIONS.map(({ why }) => why)).size).toBe(MUTATIONS.length);
  });

  it.each(MUTATIONS)('$why: its text occurs exactly once', ({ file, find, replace }) => {
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(source.split(find).length - 1).toBe(1);
    expect(replace).not.toBe(find);
  });
});
