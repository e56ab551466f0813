import { COUNT_OR_ZERO, type Knob, NOT_NEGATIVE, POSITIVE, SWITCH } from '../knob.ts';

export const HANDOVER_ORDERS = ['source_first', 'destination_first'] as const;
export type HandoverOrder = (typeof HANDOVER_ORDERS)[number];

const SPLIT = { 'engine.mode': ['disaggregated'] } as const;

/** How prompts go from prefill to decode replicas. */
export const TRANSFER_KNOBS = [
  {
    path: 'engine.kv_transfer.bandwidth_gb_per_second',
    domain: POSITIVE,
    unit: 'GB/s',
    default: null,
    tunable: true,
    when: SPLIT,
    about: 'From one prefill to one decode replica; null is the network of the slower side, per GPU times its GPUs.',
  },
  {
    path: 'engine.kv_transfer.latency_ms',
    domain: NOT_NEGATIVE,
    unit: 'ms',
    default: 0,
    tunable: true,
    when: SPLIT,
    about: 'Fixed time of each transfer. No published figure is known to us: 0 is the lower bound, not a measurement.',
  },
  {
    path: 'engine.kv_transfer.order',
    domain: { kind: 'choice', choices: HANDOVER_ORDERS },
    tunable: true,
    when: SPLIT,
    about:
      "Whether a decode replica reserves room after the prompt is computed or before; by default the engine's way: SGLang before, the others after.",
  },
  {
    path: 'engine.kv_transfer.streaming',
    domain: SWITCH,
    tunable: true,
    when: SPLIT,
    about: 'KV of all layers but the last moves while the prompt is computed; needs destination_first. Default false.',
  },
  {
    path: 'engine.kv_transfer.timeout_seconds',
    domain: POSITIVE,
    unit: 's',
    tunable: true,
    when: SPLIT,
    about:
      'A hand-over that takes longer, computing not counted, loses the attempt (faults.policy says what then; without faults it fails). Left out: never; vLLM waits 480 s, SGLang 300 s.',
  },
  {
    path: 'engine.kv_transfer.local_prefill_tokens',
    domain: COUNT_OR_ZERO,
    unit: 'tokens',
    tunable: true,
    when: SPLIT,
    about:
      'Decode replicas compute prompts themselves of which they lack at most so many tokens; left out: none. Dynamo and TensorRT-LLM call it max_local_prefill_length.',
  },
  {
    path: 'engine.kv_transfer.local_prefill_queue',
    domain: COUNT_OR_ZERO,
    unit: 'requests',
    tunable: true,
    when: SPLIT,
    about: 'They also do while more than so many requests wait in prefill replicas; left out: they do not look.',
  },
] as const satisfies readonly Knob[];
