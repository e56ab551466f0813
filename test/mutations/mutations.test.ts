import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KV_MUTATIONS } from './kvMutations.ts';
import { MUTATIONS } from './mutations.ts';
import { SGLANG_MUTATIONS } from './sglangMutations.ts';
import { TRTLLM_MUTATIONS } from './trtllmMutations.ts';

/** What the mutations do is checked by `npm run evidence:mutations`; here only that they still apply. */
describe.each([
  ['fast vLLM core', MUTATIONS],
  ['fast KV manager', KV_MUTATIONS],
  ['fast SGLang core', SGLANG_MUTATIONS],
  ['fast TensorRT-LLM core', TRTLLM_MUTATIONS],
])('mutations of the %s', (_, mutations) => {
  it('are more than twenty', () => {
    expect(mutations.length).toBeGreaterThan(20);
    expect(new Set(mutations.map(({ why }) => why)).size).toBe(mutations.length);
  });

  it.each(mutations)('$why: its text occurs exactly once', ({ file, find, replace }) => {
    const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    expect(source.split(find).length - 1).toBe(1);
    expect(replace).not.toBe(find);
  });
});
