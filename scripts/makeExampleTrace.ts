/** Writes examples/traces/*.jsonl from the recipes beside them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cookTrace, type TraceRecipe } from '../src/workload/traceRecipe.ts';

const SUFFIX = '.recipe.json';
const folder = new URL('../examples/traces/', import.meta.url);
for (const name of readdirSync(folder).filter((file) => file.endsWith(SUFFIX))) {
  const recipe = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as TraceRecipe;
  writeFileSync(new URL(name.replace(SUFFIX, '.jsonl'), folder), cookTrace(recipe));
}
