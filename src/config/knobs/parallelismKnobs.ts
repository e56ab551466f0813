import { EXPERT_EXCHANGES } from '../../timing/replica.ts';
import { COUNT, COUNT_OR_ZERO, type Knob, NOT_NEGATIVE, POSITIVE, TEXT } from '../knob.ts';

const W = 'engine.workers.<role>';

/** What a pool is made of, and how a replica is spread over GPUs. */
export const PARALLELISM_KNOBS = [
  { path: `${W}.name`, domain: TEXT, about: 'Name of the pool; by default its role.' },
  { path: `${W}.hardware`, domain: TEXT, tunable: true, about: 'GPU of this pool; by default engine.hardware.' },
  {
    path: `${W}.parallelism.replicas`,
    domain: COUNT,
    default: 1,
    tunable: true,
    about: 'Copies of the engine.',
  },
  {
    path: `${W}.parallelism.tensor`,
    domain: COUNT,
    unit: 'GPUs',
    default: 1,
    engines: {
      vllm: { flag: '--tensor-parallel-size', also: ['-tp'] },
      // SGLang's and TensorRT-LLM's tensor parallelism contains the attention-DP ranks.
      sglang: { flag: '--tp-size', also: ['--tensor-parallel-size', '--tp'], sumsRanks: true },
      trtllm: { flag: '--tp_size', also: ['--tensor_parallel_size'], yaml: 'tensor_parallel_size', sumsRanks: true },
    },
    tunable: true,
    about: 'Tensor parallelism of attention and dense layers.',
  },
  {
    path: `${W}.parallelism.pipeline`,
    domain: COUNT,
    unit: 'stages',
    default: 1,
    engines: {
      vllm: { flag: '--pipeline-parallel-size', also: ['-pp'] },
      sglang: { flag: '--pp-size', also: ['--pipeline-parallel-size', '--pp'] },
      trtllm: { flag: '--pp_size', also: ['--pipeline_parallel_size'], yaml: 'pipeline_parallel_size' },
    },
    tunable: true,
    about: 'Pipeline parallelism.',
  },
  {
    path: `${W}.parallelism.attention_data`,
    domain: COUNT,
    unit: 'ranks',
    default: 1,
    engines: {
      vllm: { flag: '--data-parallel-size', also: ['-dp'] },
      sglang: { flag: '--dp-size', also: ['--data-parallel-size', '--dp'] },
      trtllm: { yaml: 'enable_attention_dp' },
    },
    tunable: true,
    about: 'Attention data parallelism inside a replica, for mixture-of-experts models.',
  },
  {
    path: `${W}.parallelism.moe_tensor`,
    domain: COUNT,
    unit: 'GPUs',
    engines: { vllm: {}, sglang: {}, trtllm: { yaml: 'moe_tensor_parallel_size' } },
    tunable: true,
    about: 'GPUs each expert is sliced over; by default all of the replica that moe_expert leaves.',
  },
  {
    path: `${W}.parallelism.moe_expert`,
    domain: COUNT,
    unit: 'GPUs',
    engines: {
      vllm: { flag: '--enable-expert-parallel', also: ['-ep'] },
      sglang: { flag: '--ep-size', also: ['--expert-parallel-size', '--ep'] },
      trtllm: { flag: '--ep_size', also: ['--moe_expert_parallel_size'], yaml: 'moe_expert_parallel_size' },
    },
    tunable: true,
    about: 'GPUs the experts are spread over whole; by default 1.',
  },
  {
    path: `${W}.parallelism.moe_exchange`,
    domain: { kind: 'choice', choices: EXPERT_EXCHANGES },
    engines: {
      vllm: {
        flag: '--all2all-backend',
        words: { gather: 'allgather_reducescatter', all_to_all: 'deepep_low_latency' },
        reads: {
          naive: 'gather',
          deepep_high_throughput: 'all_to_all',
          pplx: 'all_to_all',
          mori: 'all_to_all',
          flashinfer_all2allv: 'all_to_all',
        },
      },
      sglang: {
        flag: '--moe-a2a-backend',
        words: { gather: 'none', all_to_all: 'deepep' },
        reads: { mooncake: 'all_to_all', flashinfer: 'all_to_all', mori: 'all_to_all' },
      },
      trtllm: {},
    },
    tunable: true,
    about:
      'How tokens of attention-DP ranks reach their experts: every token to every rank, or to its experts alone; by default all_to_all on more than 8 GPUs with more expert ranks than a token has experts, else gather.',
  },
  {
    path: `${W}.parallelism.moe_imbalance`,
    domain: NOT_NEGATIVE,
    tunable: true,
    about:
      'Tokens of the busiest expert rank against the mean of all, less 1: 1.56 was measured without and 0.115 with a balancer (DeepSeek-R1, TensorRT-LLM); by default 0.115 where moe_exchange is all_to_all by default, else 0 on top of what measured servers had.',
  },
  {
    path: `${W}.startup.provisioning_seconds`,
    domain: NOT_NEGATIVE,
    unit: 's',
    default: 60,
    about: 'Until a replica that is added during the run has its node.',
  },
  {
    path: `${W}.startup.load_gb_per_second`,
    domain: POSITIVE,
    unit: 'GB/s',
    default: 2,
    about: 'At which each of its nodes then reads the weights; null is at once.',
  },
  {
    path: `${W}.startup.warmup_seconds`,
    domain: NOT_NEGATIVE,
    unit: 's',
    default: 52,
    about: 'Then until it serves: imports, compilation from a warm cache, graph capture.',
  },
  {
    path: `${W}.startup.warm_replicas`,
    domain: COUNT_OR_ZERO,
    default: 0,
    about: 'Nodes kept ready, and paid for, for so many replicas, which need no provisioning.',
  },
] as const satisfies readonly Knob[];
