import { SGLANG_POLICIES } from '../../engine/sglang/sglangConfig.ts';
import { CAPACITY_POLICIES, CHUNKING_POLICIES } from '../../engine/trtllm/trtllmConfig.ts';
import { COUNT, COUNT_OR_ZERO, type Knob, POSITIVE, SIZE, SWITCH } from '../knob.ts';

const W = 'engine.workers.<role>.scheduler';
const VLLM_POLICIES = ['fcfs', 'priority'] as const;

export const POLICIES = [...new Set([...VLLM_POLICIES, ...SGLANG_POLICIES])];

/** How an engine batches. Counts are those of one attention-DP rank. */
export const SCHEDULER_KNOBS = [
  {
    path: `${W}.max_batched_tokens`,
    domain: SIZE,
    unit: 'tokens',
    engines: {
      vllm: { flag: '--max-num-batched-tokens' },
      sglang: { flag: '--chunked-prefill-size', sumsRanks: true },
      trtllm: { flag: '--max_num_tokens', yaml: 'max_num_tokens' },
    },
    tunable: true,
    about:
      'Tokens one pass may schedule (SGLang: of prompts, whose passes hold nothing else); by default by GPU memory and version, see dynosim catalog show vllm.',
  },
  {
    path: `${W}.max_sequences`,
    domain: SIZE,
    unit: 'requests',
    engines: {
      vllm: { flag: '--max-num-seqs' },
      sglang: { flag: '--max-running-requests', sumsRanks: true },
      trtllm: { flag: '--max_batch_size', yaml: 'max_batch_size' },
    },
    tunable: true,
    about:
      'Requests one rank may run at once; by default by GPU memory and version (SGLang: what its cache holds, at most 4096).',
  },
  {
    path: `${W}.chunked_prefill`,
    domain: SWITCH,
    engines: {
      vllm: { flag: '--enable-chunked-prefill', off: '--no-enable-chunked-prefill' },
      sglang: { off: '--chunked-prefill-size' },
      trtllm: { flag: '--enable_chunked_prefill', yaml: 'enable_chunked_prefill' },
    },
    tunable: true,
    about: 'Whether a prompt may be computed over several passes; on, but off in TensorRT-LLM.',
  },
  {
    path: `${W}.async`,
    domain: SWITCH,
    engines: {
      vllm: { flag: '--async-scheduling', off: '--no-async-scheduling', since: '0.10.0' },
      sglang: { off: '--disable-overlap-schedule' },
      trtllm: { yaml: 'disable_overlap_scheduler' },
    },
    tunable: true,
    about: 'Whether the next batch is formed while one runs (asynchronous scheduling, overlap scheduler).',
  },
  {
    path: `${W}.policy`,
    domain: {
      kind: 'choice',
      choices: POLICIES,
      of: { vllm: VLLM_POLICIES, sglang: SGLANG_POLICIES },
    },
    engines: { vllm: { flag: '--scheduling-policy' }, sglang: { flag: '--schedule-policy' } },
    instead: { trtllm: 'it serves in order of arrival; see capacity_policy' },
    tunable: true,
    about: 'Order in which waiting requests are admitted; by default first come, first served.',
  },
  {
    path: `${W}.long_prefill_token_threshold`,
    domain: COUNT_OR_ZERO,
    unit: 'tokens',
    engines: { vllm: { flag: '--long-prefill-token-threshold' } },
    instead: { sglang: 'max_batched_tokens bounds a chunk', trtllm: 'max_batched_tokens bounds a chunk' },
    tunable: true,
    about: 'Longest chunk of one prompt in a pass; 0 is no limit.',
  },
  {
    path: `${W}.watermark`,
    domain: { kind: 'number', min: 0, max: 1 },
    engines: { vllm: { flag: '--watermark', since: '0.23.0' } },
    instead: { sglang: 'conservativeness makes admission careful', trtllm: 'see capacity_policy' },
    tunable: true,
    about: 'Share of the KV pages that admission leaves free.',
  },
  {
    path: `${W}.prefill_interval`,
    domain: COUNT,
    unit: 'passes',
    engines: { vllm: { flag: '--prefill-schedule-interval', since: '0.24.0' } },
    instead: { sglang: 'see prefill_delay_passes', trtllm: 'see balance' },
    tunable: true,
    about: 'With attention DP: every how many passes prompts may start; 1 is every pass.',
  },
  {
    path: `${W}.max_prefill_tokens`,
    domain: SIZE,
    unit: 'tokens',
    engines: { sglang: { flag: '--max-prefill-tokens' } },
    instead: { vllm: 'see max_batched_tokens', trtllm: 'see max_batched_tokens' },
    tunable: true,
    about: 'Prompt tokens of all requests of one prefill pass.',
  },
  {
    path: `${W}.mixed_batches`,
    domain: SWITCH,
    engines: { sglang: { flag: '--enable-mixed-chunk' } },
    instead: { vllm: 'it always mixes prompts and decodes', trtllm: 'it always mixes prompts and decodes' },
    tunable: true,
    about: 'Whether prefill passes carry one token of every running request.',
  },
  {
    path: `${W}.conservativeness`,
    domain: POSITIVE,
    engines: { sglang: { flag: '--schedule-conservativeness' } },
    instead: { vllm: 'see watermark', trtllm: 'see capacity_policy' },
    tunable: true,
    about:
      'How much of the output still to come admission reserves room for; with attention DP the engine takes 0.3 of it.',
  },
  {
    path: `${W}.polling_interval`,
    domain: COUNT,
    unit: 'passes',
    engines: { sglang: { flag: '--scheduler-recv-interval' } },
    tunable: true,
    about: 'Decode passes between two looks at the inbox.',
  },
  {
    path: `${W}.prefill_delay_passes`,
    domain: COUNT_OR_ZERO,
    unit: 'passes',
    engines: { sglang: { flag: '--prefill-delayer-max-delay-passes', since: '0.5.12' } },
    instead: { vllm: 'see prefill_interval', trtllm: 'see balance' },
    tunable: true,
    about: 'With attention DP: passes a prefill waits for the other ranks to have one; 0 is off.',
  },
  {
    path: `${W}.capacity_policy`,
    domain: { kind: 'choice', choices: CAPACITY_POLICIES },
    engines: { trtllm: { yaml: 'scheduler_config.capacity_scheduler_policy' } },
    instead: { vllm: 'it preempts; see watermark', sglang: 'it retracts; see conservativeness' },
    tunable: true,
    about: 'Whether admission reserves the whole output, or pauses requests when pages run out.',
  },
  {
    path: `${W}.chunking_policy`,
    domain: { kind: 'choice', choices: CHUNKING_POLICIES },
    engines: { trtllm: { yaml: 'scheduler_config.context_chunking_policy' } },
    tunable: true,
    about: 'How prompts share a pass when chunked.',
  },
  {
    path: `${W}.batch_wait_iterations`,
    domain: COUNT_OR_ZERO,
    unit: 'passes',
    engines: { trtllm: { yaml: 'batch_wait_timeout_iters' } },
    tunable: true,
    about: 'Passes a small prefill batch waits to grow; nothing waits unless the ratio is above 0 too.',
  },
  {
    path: `${W}.batch_wait_tokens_ratio`,
    domain: { kind: 'number', min: 0, max: 1 },
    engines: { trtllm: { yaml: 'batch_wait_max_tokens_ratio' } },
    tunable: true,
    about: 'Share of max_batched_tokens from which a batch no longer waits.',
  },
  {
    path: `${W}.balance`,
    domain: SWITCH,
    engines: { trtllm: { yaml: 'attention_dp_config.enable_balance' } },
    instead: { vllm: 'see prefill_interval', sglang: 'see prefill_delay_passes' },
    tunable: true,
    about: 'With attention DP: prompts wait until every rank has one.',
  },
  {
    path: `${W}.balance_timeout_iterations`,
    domain: COUNT_OR_ZERO,
    unit: 'passes',
    engines: { trtllm: { yaml: 'attention_dp_config.timeout_iters' } },
    tunable: true,
    about: 'Passes after which prompts wait no longer for other ranks.',
  },
  {
    path: `${W}.balance_wait_iterations`,
    domain: COUNT_OR_ZERO,
    unit: 'passes',
    engines: { trtllm: { yaml: 'attention_dp_config.batching_wait_iters' } },
    tunable: true,
    about: 'Passes prompts wait for more of their kind once every rank has one.',
  },
] as const satisfies readonly Knob[];
