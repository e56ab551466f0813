import { COUNT_OR_ZERO, type Knob, NOT_NEGATIVE, POSITIVE, TEXT } from '../knob.ts';

export const LOSS_POLICIES = ['retry', 'migrate', 'fail'] as const;
export type LossPolicy = (typeof LOSS_POLICIES)[number];
export const FAULT_DOMAINS = ['worker', 'node'] as const;
export type FaultDomain = (typeof FAULT_DOMAINS)[number];

/** What goes wrong, and what becomes of the requests it hits. */
export const FAULT_KNOBS = [
  {
    path: 'faults.policy',
    domain: { kind: 'choice', choices: LOSS_POLICIES },
    default: 'retry',
    about:
      "What becomes of requests inside a replica that is lost: they start anew elsewhere (retry), go on there from prompt and tokens already out (migrate, Dynamo's request migration), or fail.",
  },
  {
    path: 'faults.max_retries',
    domain: { kind: 'integer', min: 1, max: 255 },
    default: 3,
    about: "How often one request starts anew or goes on; lost once more it has failed (Dynamo's --migration-limit).",
  },
  { path: 'faults.pool', domain: TEXT, about: 'Name of a pool: its role, unless it has been given one.' },
  { path: 'faults.replica', domain: COUNT_OR_ZERO, about: 'A replica of that pool, counted from 0.' },
  {
    path: 'faults.node',
    domain: COUNT_OR_ZERO,
    about:
      'Instead of pool and replica: all replicas on this node, counted from 0, of network.gpus_per_node GPUs each.',
  },
  {
    path: 'faults.crashes.at_seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    about: 'When it goes down, with all it holds: requests, KV cache, the pass in flight.',
  },
  {
    path: 'faults.crashes.down_seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    default: null,
    about: 'How long until it serves again, with an empty cache, starting up included; null is never.',
  },
  {
    path: 'faults.random_crashes.of',
    domain: { kind: 'choice', choices: FAULT_DOMAINS },
    default: 'worker',
    about: 'Whether replicas crash each by itself, or all of a node together.',
  },
  {
    path: 'faults.random_crashes.mean_up_seconds',
    domain: POSITIVE,
    unit: 's',
    about:
      'Mean time from the start, or from coming back, to the next crash of one replica or node; exponential, seeded.',
  },
  {
    path: 'faults.random_crashes.down_seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    about: 'How long each lasts, starting up included.',
  },
  {
    path: 'faults.stragglers.factor',
    domain: POSITIVE,
    about: 'Its passes last so many times as long as its timing says; what overlaps multiplies.',
  },
  { path: 'faults.stragglers.at_seconds', domain: NOT_NEGATIVE, unit: 's', default: 0, about: 'Since when.' },
  {
    path: 'faults.stragglers.for_seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    default: null,
    about: 'For how long; null is to the end.',
  },
  {
    path: 'faults.random_stragglers.mean_up_seconds',
    domain: POSITIVE,
    unit: 's',
    about:
      'Mean time from the start, or from the end of a slow spell, to the next one of each replica; exponential, seeded.',
  },
  {
    path: 'faults.random_stragglers.for_seconds',
    domain: { kind: 'number', min: 1e-6 },
    unit: 's',
    about: 'How long each spell lasts.',
  },
  {
    path: 'faults.random_stragglers.factor',
    domain: POSITIVE,
    about: 'Passes last so many times as long meanwhile; what overlaps multiplies.',
  },
  {
    path: 'faults.slow_links.factor',
    domain: { kind: 'number', above: 0, max: 1 },
    about:
      "What is left of the bandwidth: of a replica's own links, or of a node's network cards; what overlaps multiplies.",
  },
  { path: 'faults.slow_links.at_seconds', domain: NOT_NEGATIVE, unit: 's', about: 'Since when.' },
  {
    path: 'faults.slow_links.for_seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    default: null,
    about: 'For how long; null is to the end.',
  },
  {
    path: 'faults.random_slow_links.of',
    domain: { kind: 'choice', choices: FAULT_DOMAINS },
    default: 'node',
    about: "Whether it is each node's network cards, or each replica's own links.",
  },
  {
    path: 'faults.random_slow_links.mean_up_seconds',
    domain: POSITIVE,
    unit: 's',
    about: 'Mean time from the start, or from the end of a slow spell, to the next one of each; exponential, seeded.',
  },
  {
    path: 'faults.random_slow_links.for_seconds',
    domain: { kind: 'number', min: 1e-6 },
    unit: 's',
    about: 'How long each spell lasts.',
  },
  {
    path: 'faults.random_slow_links.factor',
    domain: { kind: 'number', above: 0, max: 1 },
    about: 'What is left of the bandwidth meanwhile; what overlaps multiplies.',
  },
] as const satisfies readonly Knob[];
