import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KV_MUTATIONS } from './kvMutations.ts';
import { MUTATIONS } from './mutations.ts';
import { SGLANG_MUTATIONS } from './sglangMutations.ts';
import { SWARM_MUTATIONS } from './swarmMutations.ts';
import { TRTLLM_MUTATIONS } from './trtllmMutations.ts';

/** What the mutations do is checked by `npm run evidence:mutations`; here only that they still apply. */
describe.each([
  ['fast vLLM core', 21, MUTATIONS],
  ['fast KV manager', 21, KV_MUTATIONS],
  ['fast SGLang core', 21, SGLANG_MUTATIONS],
  ['fast TensorRT-LLM core', 21, TRTLLM_MUTATIONS],
  ['cluster', 7, SWARM_MUTATIONS],
])('mutations of the %s', (_, least, mutations) => {
  it(`are at least ${least}`, () => {
    expect(mutations.length).toBeGreaterThanOrEqual(least);
    expect(new Set(mutations.map(({ why }) => why)).size).toBe(mutations.length);
  });

  it.each(mutations)('$why: its text occurs exactly once', ({ file, find, replace }) => {
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(source.split(find).length - 1).toBe(1);
    expect(replace).not.toBe(find);
  });
});
