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
