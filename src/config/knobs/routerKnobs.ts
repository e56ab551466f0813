import { ROUTER_POLICIES } from '../../cluster/router/routerSpec.ts';
import { COUNT, type Knob, NOT_NEGATIVE, POSITIVE, SWITCH } from '../knob.ts';

/** Policies that compare what workers cache, and the one that keeps books of what it sent. */
const SCORES = { 'router.policy': ['kv_router', 'prefix_aware'] } as const;
const BOOKS = { 'router.policy': ['kv_router'] } as const;

/** How a worker is picked. Weights are those of Dynamo's KV router. */
export const ROUTER_KNOBS = [
  {
    path: 'router.policy',
    domain: { kind: 'choice', choices: ROUTER_POLICIES },
    default: 'round_robin',
    tunable: true,
    about: 'How a worker is picked for a request.',
  },
  {
    path: 'router.overlap_score_credit',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: SCORES,
    about: 'Prefill blocks spared for each cached one; default 1.',
  },
  {
    path: 'router.host_credit',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: SCORES,
    about: 'The same for each block that would come up from host memory; default 0.75.',
  },
  {
    path: 'router.disk_credit',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: SCORES,
    about: 'The same for each block that would come up from disk; default 0.25.',
  },
  {
    path: 'router.shared_credit',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: SCORES,
    about: 'The same for each block that would come up from the shared store; default 0.5.',
  },
  {
    path: 'router.overlap_credit_decay',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: SCORES,
    about: 'How fast that credit fades with prefill queued beyond the least busy worker; default 0.',
  },
  {
    path: 'router.prefill_load_scale',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: SCORES,
    about: 'Weight of blocks to prefill against blocks in use; default 1.',
  },
  {
    path: 'router.active_request_weight',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: SCORES,
    about: 'Blocks that each request in progress counts for; default 0.',
  },
  {
    path: 'router.temperature',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: SCORES,
    about: 'Above 0 the worker is drawn, the cheaper the likelier; default 0, the cheapest.',
  },
  {
    path: 'router.use_kv_events',
    domain: SWITCH,
    tunable: true,
    when: SCORES,
    about: 'Whether workers say what they cache; if not, the router remembers what it sent. Default true.',
  },
  {
    path: 'router.ttl_seconds',
    domain: POSITIVE,
    unit: 's',
    tunable: true,
    when: SCORES,
    about: 'How long the router remembers a prompt without KV events; default 120.',
  },
  {
    path: 'router.prefill_load_model',
    domain: { kind: 'choice', choices: ['none', 'timing'] },
    tunable: true,
    when: BOOKS,
    about: 'Whether the charge of a running prefill fades over its predicted duration; default none.',
  },
  {
    path: 'router.session_affinity_seconds',
    domain: POSITIVE,
    unit: 's',
    tunable: true,
    about: "A session's next turn goes to the same worker if it comes within this time; left out: it does not.",
  },
  {
    path: 'router.report_interval_ms',
    domain: POSITIVE,
    unit: 'ms',
    tunable: true,
    about: 'Workers report their load this often; left out: the router sees it live.',
  },
  {
    path: 'router.queue_threshold',
    domain: NOT_NEGATIVE,
    tunable: true,
    when: BOOKS,
    about:
      'Requests wait in the router while all workers have more full batches of prefill than this; left out: never.',
  },
  {
    path: 'router.queue_policy',
    domain: { kind: 'choice', choices: ['fcfs', 'lcfs', 'wspt'] },
    tunable: true,
    when: BOOKS,
    about: 'Who leaves that queue first: first come, last come, or the least to compute (wspt); default fcfs.',
  },
  {
    path: 'router.max_in_flight',
    domain: COUNT,
    tunable: true,
    about: 'Requests that arrive while so many are in the system are turned away; left out: none is.',
  },
  {
    path: 'router.max_kv_usage',
    domain: { kind: 'number', above: 0, max: 1 },
    tunable: true,
    about:
      'Requests that arrive while every replica that decodes has more of its KV cache in use than this are turned away; left out: none is.',
  },
] as const satisfies readonly Knob[];
