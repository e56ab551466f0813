import { swarmBreach } from '../kernel/swarmScenario.ts';

/** `swarmCheck.ts RUNS`: holds whole deployments 1..RUNS to the exact laws. Says the first breach and exits with 1, or exits with 0. */
const runs = Number(process.argv[2]);

for (let seed = 1; seed <= runs; seed++) {
  const breach = swarmBreach(seed);
  if (breach === null) continue;
  console.log(`seed ${seed}: ${breach}`);
  process.exit(1);
}
