import { PRESET_NAMES } from '../../workload/presets.ts';
import { COUNT, type Knob, NOT_NEGATIVE, POSITIVE, SIZE, SWITCH, TEXT } from '../knob.ts';

export const TRACE_FORMATS = ['mooncake', 'csv', 'azure_2023'] as const;

/** Seed and traffic: what arrives. */
export const TRAFFIC_KNOBS = [
  {
    path: 'seed',
    domain: { kind: 'integer', min: 0, max: 2 ** 32 - 1 },
    default: 0,
    about: 'Seed of every random stream.',
  },
  {
    path: 'traffic.source.path',
    domain: TEXT,
    about: 'Trace file, relative to this file.',
  },
  {
    path: 'traffic.source.format',
    domain: { kind: 'choice', choices: TRACE_FORMATS },
    about: 'By default mooncake, or csv where the name ends in .csv.',
  },
  {
    path: 'traffic.source.block_size',
    domain: SIZE,
    unit: 'tokens',
    default: 512,
    about: 'Tokens one hash id of the trace names.',
  },
  {
    path: 'traffic.source.timestamp_unit',
    domain: { kind: 'choice', choices: ['ms', 's', 'datetime'] },
    about: 'By default ms for mooncake, s for csv, datetime for azure_2023.',
  },
  {
    path: 'traffic.source.skip_bad_lines',
    domain: SWITCH,
    default: false,
    about: 'Leave out and count lines that cannot be read, instead of stopping at the first.',
  },
  { path: 'traffic.source.columns.timestamp', domain: TEXT, about: 'Column of the arrival time.' },
  { path: 'traffic.source.columns.input_tokens', domain: TEXT, about: 'Column of the prompt length.' },
  { path: 'traffic.source.columns.output_tokens', domain: TEXT, about: 'Column of the generated length.' },
  {
    path: 'traffic.source.columns.session_id',
    domain: TEXT,
    about: 'Column that names the conversation a request belongs to.',
  },
  { path: 'traffic.source.columns.class', domain: TEXT, about: 'Column that names the kind of a request.' },
  {
    path: 'traffic.source.columns.priority',
    domain: TEXT,
    about: 'Column of how urgent a request is, as vLLM has it: whole numbers, less goes first, 0 where empty.',
  },
  {
    path: 'traffic.source.name',
    domain: { kind: 'choice', choices: PRESET_NAMES },
    about: 'A ready-made mix of lengths, sessions and shared prefixes.',
  },
  {
    path: 'traffic.source.requests',
    domain: SIZE,
    default: 1000,
    about: 'Requests to make; of a synthetic source with sessions, conversations to make.',
  },
  {
    path: 'traffic.source.synthetic.block_size',
    domain: SIZE,
    unit: 'tokens',
    default: 16,
    about: 'Granularity at which synthetic requests share content.',
  },
  {
    path: 'traffic.source.shared_prefix.groups',
    domain: COUNT,
    about: 'Different prefixes; each request takes one of them.',
  },
  { path: 'length.tokens', domain: SIZE, about: 'The same length every time.' },
  { path: 'length.min', domain: SIZE, about: 'Smallest length.' },
  { path: 'length.max', domain: SIZE, about: 'Largest length.' },
  { path: 'length.median', domain: POSITIVE, about: 'Median of the log-normal distribution.' },
  { path: 'length.sigma', domain: NOT_NEGATIVE, about: 'Standard deviation of the logarithm.' },
  { path: 'think.mean', domain: NOT_NEGATIVE, unit: 's', about: 'Mean pause before the next turn.' },
  { path: 'think.seconds', domain: NOT_NEGATIVE, unit: 's', about: 'Pause before the next turn, or a bound of it.' },
  {
    path: 'traffic.load.speedup',
    domain: POSITIVE,
    default: 1,
    about: 'Arrivals come this many times faster than recorded.',
  },
  {
    path: 'traffic.load.spread',
    domain: { kind: 'choice', choices: ['none', 'uniform'] },
    default: 'none',
    about: 'Whether arrivals that a coarse clock put on one tick are redistributed up to the next.',
  },
  {
    path: 'traffic.load.requests_per_second',
    domain: POSITIVE,
    unit: '1/s',
    tunable: true,
    about: 'Mean arrival rate of requests, later turns of sessions included; a trace is retimed.',
  },
  {
    path: 'traffic.load.burstiness',
    domain: POSITIVE,
    about: 'Squared coefficient of variation of the gaps between arrivals; 1 is Poisson.',
  },
  {
    path: 'traffic.load.concurrency',
    domain: COUNT,
    tunable: true,
    about: 'Requests (or sessions) in flight at any time, over the whole deployment.',
  },
  {
    path: 'traffic.stop.requests',
    domain: COUNT,
    default: null,
    about: 'Only the first so many requests of the workload; null is all.',
  },
  {
    path: 'traffic.stop.max_virtual_time_seconds',
    domain: POSITIVE,
    unit: 's',
    default: null,
    about: 'No request is released after this time; null is no limit.',
  },
  {
    path: 'traffic.over_length',
    domain: { kind: 'choice', choices: ['reject', 'drop', 'truncate'] },
    default: 'reject',
    about: 'What happens to requests longer than the context: refused and counted, left out, or cut.',
  },
  {
    path: 'traffic.max_output_tokens.fixed',
    domain: SIZE,
    unit: 'tokens',
    about: 'Every client asks for this many, or for what is generated where that is more.',
  },
  {
    path: 'traffic.max_output_tokens.factor',
    domain: { kind: 'number', min: 1 },
    about: 'Clients ask for this many times what is generated.',
  },
  {
    path: 'traffic.ignore_eos',
    domain: SWITCH,
    default: false,
    about:
      'Whether clients ask for exactly so many tokens, as benchmarks do; SGLang without its radix cache then reserves exactly.',
  },
  {
    path: 'traffic.classes.priority',
    domain: { kind: 'integer', min: -(2 ** 31 - 1), max: 2 ** 31 - 1 },
    about:
      "How urgent the class's requests are, less goes first, in place of what the trace says; read by vLLM's policy priority and the router's queue.",
  },
  {
    path: 'traffic.patience.first_token_seconds',
    domain: POSITIVE,
    unit: 's',
    about: 'Clients go away when they have no token after this time; left out: they wait.',
  },
  {
    path: 'traffic.patience.whole_seconds',
    domain: POSITIVE,
    unit: 's',
    about: 'Clients go away when they do not have the last token after this time; left out: they wait.',
  },
  {
    path: 'traffic.patience.abandoned_share',
    domain: { kind: 'number', min: 0, max: 1 },
    default: 0,
    about: 'Share of the requests whose client goes away some time after sending them, drawn from the seed.',
  },
  {
    path: 'traffic.patience.abandoned_mean_seconds',
    domain: POSITIVE,
    unit: 's',
    default: 10,
    about: 'Mean of that time, exponential.',
  },
] as const satisfies readonly Knob[];
