/**
 * `swarm.ts [COUNT] [FIRST]`: whole deployments drawn from seeds FIRST (1) to FIRST + COUNT (2,000) - 1, all exact laws checked.
 * Prints each broken seed with the command that repeats it, and how often each feature and pair of features occurred; exits with 1 if a
 * law was broken.
 */
import { FEATURES, swarmBreach, swarmScenario } from '../test/kernel/swarmScenario.ts';

const count = Number(process.argv[2] ?? 2000);
const first = Number(process.argv[3] ?? 1);
const names = Object.keys(FEATURES);
const pairs = new Map<string, number>();
for (const [at, a] of names.entries()) for (const b of names.slice(at)) pairs.set(`${a} + ${b}`, 0);
const startMs = performance.now();
let broken = 0;

for (let seed = first; seed < first + count; seed++) {
  const scenario = swarmScenario(seed);
  const present = names.filter((name) => FEATURES[name](scenario));
  for (const [at, a] of present.entries()) {
    for (const b of present.slice(at)) pairs.set(`${a} + ${b}`, pairs.get(`${a} + ${b}`)! + 1);
  }
  const breach = swarmBreach(seed);
  if (breach === null) continue;
  broken += 1;
  console.log(`seed ${seed}: ${breach}\n  npm run evidence:swarm -- 1 ${seed}`);
}

for (const name of names) {
  console.log(`${name}: ${((100 * pairs.get(`${name} + ${name}`)!) / count).toFixed(1)} %`);
}
const rare = [...pairs].filter(([, times]) => times < 50 * (count / 20_000)).sort((a, b) => a[1] - b[1]);
// Rarity shows only in many.
if (count >= 1000) {
  console.log(`pairs rarer than 50 in 20,000: ${rare.map(([pair, times]) => `${pair} ${times}`).join(', ') || 'none'}`);
}
const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
console.log(`${count} scenarios from seed ${first}, ${broken} broke a law, ${seconds} s`);
process.exitCode = broken > 0 ? 1 : 0;
