/**
 * How does the time of a run grow from ten thousand requests to a million? Lognormal prompts and answers (median 1,500 and
 * 250 tokens), 60 % of what the replicas bear; 1,024 of them round-robin, and 64 with least_loaded.
 *   npx tsx bench/howDoesTimeGrowWithRequests.ts [requests ...]
 * Each size runs in a process of its own, so that its peak memory is its own.
 */
import { spawnSync } from 'node:child_process';
import { simulate } from '../src/cluster/simulation.ts';
import { buildScenario } from '../src/config/buildScenario.ts';
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { parsePredict } from '../src/config/loadPredict.ts';
import { readFacts } from '../src/config/readFacts.ts';

const LOAD = 0.6;

async function scenarioOf(requests: number, load: string, replicas: number, policy: string) {
  const facts = readFacts('.');
  const config = parsePredict(
    `traffic:
  source:
    type: synthetic
    requests: ${requests}
    input_tokens: {type: lognormal, median: 1500, sigma: 0.8, min: 16, max: 16000}
    output_tokens: {type: lognormal, median: 250, sigma: 0.8, min: 1, max: 4000}
  load: ${load}
engine:
  model: meta-llama/Llama-3.1-8B
  hardware: h100_sxm
  workers: {aggregated: {parallelism: {replicas: ${replicas}}}}
router: {policy: ${policy}}
`,
    'bench.yaml',
    [],
    facts,
  );
  const workload = await loadWorkload(config.traffic, config.seed, '.', 131072);
  return buildScenario(config, workload, facts);
}

async function run(requests: number, replicas: number, policy: string): Promise<void> {
  const full = simulate((await scenarioOf(3_000, '{type: concurrency, concurrency: 256}', 1, 'round_robin')).scenario);
  const perReplica = 3_000 / (full.durationNs / 1e9);
  const rate = (LOAD * perReplica * replicas).toFixed(3);
  const load = `{type: poisson, requests_per_second: ${rate}}`;
  const builtMs = performance.now();
  const { scenario } = await scenarioOf(requests, load, replicas, policy);
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  const result = simulate(scenario);
  const { user, system } = process.cpuUsage(cpu);
  const simulatedMs = performance.now() - startedMs;
  const cpuMs = (user + system) / 1000;
  const rssMiB = process.resourceUsage().maxRSS / 1024;
  console.log(
    `${requests} requests on ${replicas} replicas, ${policy}: ${(cpuMs / 1000).toFixed(2)} s of CPU in ${(simulatedMs / 1000).toFixed(2)} s ` +
      `(workload ${((startedMs - builtMs) / 1000).toFixed(2)} s), ${((1000 * cpuMs) / requests).toFixed(1)} us a request, ` +
      `${result.passes} passes, ${(result.durationNs / 1e9).toFixed(0)} s simulated, peak ${rssMiB.toFixed(0)} MiB`,
  );
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--one') {
  await run(Number(rest[0]), Number(rest[1]), rest[2]);
} else {
  const sizes = process.argv.slice(2).map(Number);
  for (const [replicas, policy] of [
    [1024, 'round_robin'],
    [64, 'least_loaded'],
  ] as const) {
    for (const requests of sizes.length > 0 ? sizes : [10_000, 100_000, 1_000_000]) {
      const one = ['--import', 'tsx', import.meta.filename, '--one', `${requests}`, `${replicas}`, policy];
      spawnSync(process.execPath, one, { stdio: 'inherit' });
    }
  }
}
