import { COUNT, COUNT_OR_ZERO, type Knob, SWITCH, TEXT } from '../knob.ts';

const W = 'engine.workers.<role>';

export const SPECULATION_METHODS = ['mtp', 'eagle', 'eagle3', 'draft_model', 'ngram'] as const;

/** Speculative decoding and CUDA graphs: what a decode pass computes. */
export const SPECULATION_KNOBS = [
  {
    path: `${W}.speculation.method`,
    domain: { kind: 'choice', choices: SPECULATION_METHODS },
    engines: {
      vllm: { flag: '--speculative-config', also: ['-sc'] },
      sglang: { flag: '--speculative-algorithm' },
      trtllm: { yaml: 'speculative_config.decoding_type' },
    },
    tunable: true,
    about: 'What drafts tokens.',
  },
  {
    path: `${W}.speculation.draft_tokens`,
    domain: { kind: 'integer', min: 0, max: 64 },
    unit: 'tokens',
    engines: {
      vllm: { flag: '--speculative-config' },
      sglang: { flag: '--speculative-num-steps' },
      trtllm: { yaml: 'speculative_config.max_draft_len' },
    },
    tunable: true,
    about: 'Drafts verified per sequence and pass; 0 is no speculation.',
  },
  {
    path: `${W}.speculation.acceptance`,
    domain: { kind: 'number', min: 0, max: 1 },
    engines: { vllm: {}, sglang: {}, trtllm: {} },
    about: 'Probability that a draft is accepted when all before it were: one for every position, or a list.',
  },
  {
    path: `${W}.speculation.accepted_length`,
    domain: { kind: 'number', min: 1, max: 65 },
    unit: 'tokens',
    engines: { vllm: {}, sglang: {}, trtllm: {} },
    about: 'In place of acceptance: mean tokens a sequence gains in a pass, its own included.',
  },
  {
    path: `${W}.speculation.draft_model`,
    domain: TEXT,
    engines: {
      vllm: { flag: '--speculative-config' },
      sglang: { flag: '--speculative-draft-model-path' },
      trtllm: { yaml: 'speculative_config.speculative_model' },
    },
    about: 'Model or head that drafts, for the launch command.',
  },
  {
    path: `${W}.cuda_graphs.max_size`,
    domain: COUNT_OR_ZERO,
    engines: {
      vllm: { flag: '--max-cudagraph-capture-size' },
      sglang: { flag: '--cuda-graph-max-bs' },
      trtllm: { yaml: 'cuda_graph_config.max_batch_size' },
    },
    tunable: true,
    about: "Largest decode batch that has a CUDA graph, at the engine's own steps below; 0 is none.",
  },
  {
    path: `${W}.cuda_graphs.sizes`,
    domain: COUNT,
    engines: {
      vllm: { flag: '--cudagraph-capture-sizes' },
      sglang: { flag: '--cuda-graph-bs' },
      trtllm: { yaml: 'cuda_graph_config.batch_sizes' },
    },
    about: 'In place of max_size: the sizes captured.',
  },
  {
    path: `${W}.cuda_graphs.padding`,
    domain: SWITCH,
    engines: {
      sglang: { off: '--disable-cuda-graph-padding' },
      trtllm: { yaml: 'cuda_graph_config.enable_padding' },
    },
    instead: { vllm: 'it always pads' },
    tunable: true,
    about: 'Whether a smaller batch runs in the graph of the next size; off in TensorRT-LLM.',
  },
] as const satisfies readonly Knob[];
