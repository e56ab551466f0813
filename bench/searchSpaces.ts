/** Five enumerable spaces by one recipe: the kind of each is fixed, its particulars are drawn. */
import { RandomStream } from '../src/base/random.ts';

export interface SpaceRecipe {
  readonly name: string;
  readonly yaml: string;
}

const DENSE = ['meta-llama/Llama-3.1-8B', 'Qwen/Qwen3-8B', 'Qwen/Qwen3-32B'];
const MOE = ['Qwen/Qwen3-30B-A3B', 'openai/gpt-oss-20b'];
const GPUS = ['l40s', 'a100_sxm', 'h100_sxm', 'h200_sxm'];
const PRESETS = ['chat', 'code', 'rag', 'agent'];

/** @param requests of each workload; the figures are for 1,500. */
export function searchSpaces(requests: number, seed = 1): SpaceRecipe[] {
  const draw = new RandomStream(seed, 'evidence.search');
  const one = <T>(list: readonly T[]): T => list[draw.integer(0, list.length - 1)];
  const two = (list: readonly string[]): string => {
    const first = one(list);
    return [first, one(list.filter((each) => each !== first))].join(', ');
  };
  const source = (preset: string): string => `source: {type: preset, name: ${preset}, requests: ${requests}}`;
  return [
    {
      name: 'ladder of concurrencies, dense model, two GPUs',
      yaml: `
traffic: {${source(one(PRESETS))}, load: {concurrency: {choices: [2, 4, 8, 16, 32, 64, 128]}}}
engine:
  mode: aggregated
  model: ${one(DENSE)}
  hardware: {choices: [${two(GPUS)}]}
  workers:
    aggregated:
      parallelism: {replicas: {choices: [1, 2, 3, 4]}, tensor: {choices: [1, 2, 4, 8]}}
      scheduler: {max_batched_tokens: {choices: [2048, 8192]}, max_sequences: {choices: [16, 64, 256]}}
router: {policy: least_loaded}
optimization: {constraints: {max_candidate_gpus: 16}}`,
    },
    {
      name: 'given load, together or prefill and decode apart, routers',
      yaml: `
traffic: {${source(one(['chat', 'rag', 'agent']))}, load: {type: poisson, requests_per_second: ${one([6, 8, 10])}}}
engine: {model: ${one(DENSE)}, hardware: ${one(['h100_sxm', 'h200_sxm'])}}
evaluation: {slo: {ttft_ms: {p95: 4000}, tpot_ms: {p95: 100}}}
optimization: {objectives: [usd_per_hour, p95_e2e_ms], constraints: {max_candidate_gpus: 32}}`,
    },
    {
      name: 'mixture of experts, ladder, expert and attention-data parallelism',
      yaml: `
traffic: {${source(one(['chat', 'code']))}, load: {concurrency: {choices: [4, 16, 64, 128]}}}
engine:
  mode: aggregated
  model: ${one(MOE)}
  hardware: {choices: [${two(['h100_sxm', 'h200_sxm', 'b200_sxm'])}]}
  quantization: {choices: [checkpoint, fp8]}
  workers: {aggregated: {parallelism: {replicas: {choices: [1, 2, 4]}, tensor: {choices: [1, 2, 4]}, attention_data: {choices: [1, 2, 4]}}, scheduler: {max_batched_tokens: {choices: [2048, 8192]}}}}
router: {policy: {choices: [least_loaded, prefix_aware]}}
optimization: {constraints: {max_candidate_gpus: 16}}`,
    },
    {
      name: 'three objectives, memory and cache knobs',
      yaml: `
traffic: {${source(one(PRESETS))}, load: {type: gamma, burstiness: 3, requests_per_second: ${one([4, 6])}}}
engine:
  mode: aggregated
  model: ${one(DENSE)}
  hardware: {choices: [${two(['l40s', 'h100_sxm', 'h200_sxm'])}]}
  workers:
    aggregated:
      parallelism: {replicas: {choices: [1, 2, 3, 4, 6]}, tensor: {choices: [1, 2, 4]}}
      scheduler: {max_batched_tokens: {choices: [1024, 4096, 16384]}, max_sequences: {choices: [32, 256]}}
      kv_cache: {prefix_caching: {choices: [true, false]}, dtype: {choices: [auto, fp8]}, capacity: {memory_fraction: {choices: [0.7, 0.92]}}}
router: {policy: {choices: [least_loaded, prefix_aware]}}
optimization: {objectives: [usd_per_hour, p95_ttft_ms, p95_tpot_ms], constraints: {max_candidate_gpus: 16}}`,
    },
    {
      // A cheap small GPU whose one workable corner lies far from everything else that works.
      name: 'adversarial: an isolated optimum',
      yaml: `
traffic: {${source('chat')}, load: {type: poisson, requests_per_second: 1.5}}
engine:
  mode: aggregated
  model: meta-llama/Llama-3.1-70B
  hardware: {choices: [l4, l40s, h200_sxm]}
  quantization: {choices: [bf16, fp8]}
  context_length: 16384
  workers:
    aggregated:
      parallelism: {replicas: {choices: [1, 2, 3, 4, 6, 8]}, tensor: {choices: [2, 4, 8]}}
      scheduler: {max_batched_tokens: {choices: [512, 2048, 8192]}, max_sequences: {choices: [4, 32, 256]}}
      kv_cache: {dtype: {choices: [auto, fp8]}, capacity: {memory_fraction: {choices: [0.8, 0.95]}}}
router: {policy: least_loaded}
cost: {usd_per_gpu_hour: {l4: 0.2, l40s: 2, h200_sxm: 4}}
evaluation: {slo: {ttft_ms: {p95: 6000}, tpot_ms: {p95: 160}}}
optimization: {objectives: [usd_per_hour, p95_e2e_ms], constraints: {max_candidate_gpus: 32}}`,
    },
  ];
}
