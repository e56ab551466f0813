/**
 * How long does one core take for the 12,031-request Mooncake conversation trace on 8 replicas?
 *   DYNOSIM_DATA=... npx tsx bench/howFastIsTheMooncakeTrace.ts [vllm | sglang]
 * The first run is what `predict` pays (the code is cold); the others are what a search pays per trial.
 */

import { simulate } from '../src/cluster/simulation.ts';
import { buildScenario } from '../src/config/buildScenario.ts';
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { parsePredict } from '../src/config/loadPredict.ts';
import { readFacts } from '../src/config/readFacts.ts';

const RUNS = 9;

const backend = process.argv[2] ?? 'vllm';
const scheduler = backend === 'vllm' ? ', scheduler: {max_batched_tokens: 8192}' : '';
const data = process.env.DYNOSIM_DATA;
if (data === undefined) {
  console.log('skipped: DYNOSIM_DATA is not set');
  process.exit(0);
}
const facts = readFacts('.');
const config = parsePredict(
  `traffic:
  source: {type: trace, format: mooncake, path: ${data}/traces/mooncake-conversation.jsonl}
  load: {type: trace_timestamps, spread: uniform}
engine:
  backend: ${backend}
  model: meta-llama/Llama-3.1-70B
  quantization: fp8
  hardware: h200_sxm
  workers: {aggregated: {parallelism: {replicas: 8, tensor: 4}${scheduler}}}
router: {policy: round_robin}
`,
  'bench.yaml',
  [],
  facts,
);
const workload = await loadWorkload(config.traffic, config.seed, '.', 131072);
const { scenario } = buildScenario(config, workload, facts);
const times: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const start = performance.now();
  const result = simulate(scenario);
  const ms = performance.now() - start;
  times.push(ms);
  const ratio = result.durationNs / 1e6 / ms;
  console.log(
    `run ${run + 1}: ${ms.toFixed(0)} ms, ${result.passes} passes, ${((1e6 * ms) / result.passes).toFixed(0)} ns a pass, ${ratio.toFixed(0)} times faster than real time`,
  );
}
const warm = times.slice(1).sort((a, b) => a - b);
console.log(`first ${times[0].toFixed(0)} ms, median of the others ${warm[Math.floor(warm.length / 2)].toFixed(0)} ms`);
