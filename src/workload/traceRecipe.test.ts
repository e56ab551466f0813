import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWorkload } from './describe.ts';
import { openTrace } from './openTrace.ts';
import { cookTrace, type TraceRecipe } from './traceRecipe.ts';

const folder = new URL('../../examples/traces/', import.meta.url);
const traceFile = new URL('chat-30min.jsonl', folder);

it('makes the bundled trace from its recipe, byte for byte (npm run make:example-trace writes it)', () => {
  const recipe = JSON.parse(readFileSync(new URL('chat-30min.recipe.json', folder), 'utf8')) as TraceRecipe;
  expect(cookTrace(recipe) === readFileSync(traceFile, 'utf8')).toBe(true);
});

it('bundles half an hour of 2,000 requests in sessions, nothing odd about it', async () => {
  const options = { format: 'mooncake', blockTokens: 512, skipBadLines: false } as const;
  const summary = describeWorkload(await openTrace(traceFile.pathname, options));
  expect(summary.requests).toBe(2000);
  expect(summary.durationMs / 60_000).toBeGreaterThan(28);
  expect(summary.durationMs / 60_000).toBeLessThan(31);
  expect(summary.sessions).toBeLessThan(700);
  expect(summary.reusedTokenRatio).toBeGreaterThan(0.8);
  expect(summary.warnings).toEqual([]);
});
