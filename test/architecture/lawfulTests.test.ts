import { expect, it } from 'vitest';
import { importGraph } from './imports.ts';
import { readTests } from './sourceFiles.ts';

it('every test that simulates holds its runs to the exact laws', () => {
  const graph = importGraph(readTests('src', 'test'));
  const simulating: string[] = [];
  const lawless: string[] = [];
  for (const [file, imports] of graph) {
    const targets = imports.map(({ target }) => target);
    if (targets.includes('src/cluster/simulation.ts')) {
      simulating.push(file);
      if (!targets.includes('src/metrics/laws.ts') && !targets.includes('test/support/lawfulSimulation.ts')) {
        lawless.push(file);
      }
    }
  }
  expect(simulating.length).toBeGreaterThan(2);
  expect(lawless).toEqual([]);
});
