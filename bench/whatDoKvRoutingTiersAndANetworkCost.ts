/**
 * How much longer does the Mooncake conversation trace take on 8 replicas with the KV router, and with host memory and a network
 * besides, than with round robin alone? Processor time, the three in turn; aim: at most 2.5 times.
 *   DYNOSIM_DATA=... npx tsx bench/whatDoKvRoutingTiersAndANetworkCost.ts
 */

import { simulate } from '../src/cluster/simulation.ts';
import { buildScenario } from '../src/config/buildScenario.ts';
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { parsePredict } from '../src/config/loadPredict.ts';
import { readFacts } from '../src/config/readFacts.ts';

const RUNS = 11;

const data = process.env.DYNOSIM_DATA;
if (data === undefined) {
  console.log('skipped: DYNOSIM_DATA is not set');
  process.exit(0);
}
const facts = readFacts('.');

async function scenarioOf(policy: string, tiers: string, network: string) {
  const config = parsePredict(
    `traffic:
  source: {type: trace, format: mooncake, path: ${data}/traces/mooncake-conversation.jsonl}
  load: {type: trace_timestamps, spread: uniform}
engine:
  model: meta-llama/Llama-3.1-70B
  quantization: fp8
  hardware: h200_sxm
  workers: {aggregated: {parallelism: {replicas: 8, tensor: 4}, scheduler: {max_batched_tokens: 8192}${tiers}}}
router: {policy: ${policy}}
${network}`,
    'bench.yaml',
    [],
    facts,
  );
  const workload = await loadWorkload(config.traffic, config.seed, '.', 131072);
  return buildScenario(config, workload, facts).scenario;
}

const variants = [
  { name: 'round robin', scenario: await scenarioOf('round_robin', '', ''), ms: [] as number[] },
  { name: 'KV router', scenario: await scenarioOf('kv_router', '', ''), ms: [] as number[] },
  {
    name: 'KV router, 100 GB of host memory per GPU, network',
    scenario: await scenarioOf('kv_router', ', kv_cache: {tiers: {host: {capacity_gb_per_gpu: 100}}}', 'network: {}'),
    ms: [] as number[],
  },
];
for (let run = 0; run <= RUNS; run++) {
  for (const { scenario, ms } of variants) {
    const cpu = process.cpuUsage();
    simulate(scenario);
    const { user, system } = process.cpuUsage(cpu);
    // The first of each warms the code up.
    if (run > 0) ms.push((user + system) / 1000);
  }
}
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const base = median(variants[0].ms);
for (const { name, ms } of variants) {
  console.log(`${name}: median ${median(ms).toFixed(0)} ms, ${(median(ms) / base).toFixed(2)} times round robin`);
}
