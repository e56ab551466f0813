/**
 * Does the cascade find what trying everything finds? Five enumerable spaces, ten seeds each, against the exhaustive
 * frontier and against random order at equal work.
 *
 * `npm run evidence:search -- 2 --tables /tmp/tables` looks at one space, and keeps what was simulated for the next time.
 */

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cascade } from '../src/search/cascade.ts';
import { randomOrder } from '../src/search/sequential.ts';
import { Judge, replay } from './searchJudge.ts';
import { searchSpaces } from './searchSpaces.ts';
import { tabulate } from './searchTable.ts';

const SEEDS = 10;
const REQUESTS = 1500;

const { values: flags, positionals } = parseArgs({ allowPositionals: true, options: { tables: { type: 'string' } } });
const only = positionals.length === 0 ? null : Number(positionals[0]);
for (const [index, { name, yaml }] of searchSpaces(REQUESTS).entries()) {
  if (only !== null && index !== only) continue;
  const startedMs = performance.now();
  const table = await tabulate(yaml, 2, flags.tables === undefined ? null : join(flags.tables, `${index}.json`));
  const judge = new Judge(table);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(`\n${name}: ${table.space.size} candidates, ${judge.frontier.length} on the frontier,`);
  console.log(
    `exhaustive ${(judge.passes / 1e6).toFixed(1)} M passes (tabulated in ${seconds} s), slices ${table.problem.levels
      .slice(0, -1)
      .map((share) => share.toFixed(3))
      .join(', ')}`,
  );
  const rows = { cascade: [] as ReturnType<Judge['judge']>[], random: [] as ReturnType<Judge['judge']>[] };
  const trials: string[] = [];
  const began = performance.now();
  for (let seed = 0; seed < SEEDS; seed++) {
    const found = replay(cascade(table.problem, seed), table);
    trials.push(found.trials.join('+'));
    rows.cascade.push(judge.judge(found));
    rows.random.push(judge.judge(replay(randomOrder(table.problem, seed), table, found.passes)));
  }
  console.log(
    `  trials by level: ${trials.join(' ')}; ${((performance.now() - began) / SEEDS).toFixed(0)} ms a search`,
  );
  for (const [strategy, results] of Object.entries(rows)) {
    const worst = (read: (row: (typeof results)[number]) => number, pick: (...v: number[]) => number): string =>
      pick(...results.map(read)).toFixed(4);
    console.log(
      `  ${strategy.padEnd(8)} worst of ${SEEDS}: hypervolume ${worst((r) => r.hypervolume, Math.min)}, epsilon ${worst((r) => r.epsilon, Math.max)}, regret ${worst((r) => r.regret, Math.max)}, work ${worst((r) => r.share, Math.max)}`,
    );
  }
}
