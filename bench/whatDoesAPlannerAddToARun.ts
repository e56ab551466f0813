/**
 * How much longer does a run take with a planner that looks, learns and decides, but changes nothing, than the same static run? The
 * Mooncake conversation trace on 8 replicas of Qwen3-32B. Processor time, all in turn in one process, least of each; aim: at most 1.20.
 *   DYNOSIM_DATA=... npx tsx bench/whatDoesAPlannerAddToARun.ts [runs]
 */

import { simulate } from '../src/cluster/simulation.ts';
import { buildScenario } from '../src/config/buildScenario.ts';
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { parsePredict } from '../src/config/loadPredict.ts';
import { readFacts } from '../src/config/readFacts.ts';
import { longestRequestOf } from '../src/config/replicaSpec.ts';

const RUNS = Number(process.argv[2] ?? 15);

const data = process.env.DYNOSIM_DATA;
if (data === undefined) {
  console.log('skipped: DYNOSIM_DATA is not set');
  process.exit(0);
}
const facts = readFacts('.');

/** The limits leave it the eight replicas there are. */
const PLANNERS = {
  'no planner': null,
  'SLA, load and throughput, every 5 s': 'policy: sla, scaling: both, forecast: {model: kalman}',
  'SLA, load, every second': 'policy: sla, interval_seconds: 1',
  'HPA, every 15 s': 'policy: hpa, targets: [{metric: requests, value: 4}]',
};

async function scenarioOf(router: string, planner: string | null) {
  const config = parsePredict(
    `traffic:
  source: {type: trace, format: mooncake, path: ${data}/traces/mooncake-conversation.jsonl}
  load: {type: trace_timestamps, spread: uniform}
  over_length: drop
engine:
  model: Qwen/Qwen3-32B
  hardware: h200_sxm
  workers: {aggregated: {parallelism: {tensor: 2, replicas: 8}}}
router: {policy: ${router}}
${planner === null ? '' : `planner: {max_gpus: 16, min_replicas: 8, ${planner}}`}`,
    'bench.yaml',
    [],
    facts,
  );
  const workload = await loadWorkload(config.traffic, config.seed, '.', longestRequestOf(config, facts));
  return buildScenario(config, workload, facts).scenario;
}

for (const router of ['round_robin', 'kv_router']) {
  const variants = [];
  for (const [name, planner] of Object.entries(PLANNERS)) {
    variants.push({ name, scenario: await scenarioOf(router, planner), leastMs: Number.POSITIVE_INFINITY });
  }
  for (let run = 0; run <= RUNS; run++) {
    for (const variant of variants) {
      const before = process.cpuUsage();
      simulate(variant.scenario);
      const { user, system } = process.cpuUsage(before);
      // The first of each warms the code up.
      if (run > 0) variant.leastMs = Math.min(variant.leastMs, (user + system) / 1000);
    }
  }
  for (const { name, leastMs } of variants) {
    console.log(`${router}, ${name}: ${leastMs.toFixed(0)} ms, ${(leastMs / variants[0].leastMs).toFixed(3)} times`);
  }
}
