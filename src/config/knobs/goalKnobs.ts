import { COUNT, COUNT_OR_ZERO, type Knob, NOT_NEGATIVE, POSITIVE } from '../knob.ts';

/** What is measured, and what is wanted of a search. */
export const ALGORITHMS = ['cascade', 'exhaustive', 'random'] as const;

export const GOAL_KNOBS = [
  {
    path: 'evaluation.slo.bound',
    domain: POSITIVE,
    unit: 'ms',
    about: 'The statistic must not exceed this.',
  },
  {
    path: 'evaluation.window.requests',
    domain: COUNT_OR_ZERO,
    about:
      'Requests left out of the statistics at this end. Default 0; as warm-up of a closed loop that is no trace, 2 x concurrency but at most half.',
  },
  {
    path: 'evaluation.window.seconds',
    domain: NOT_NEGATIVE,
    unit: 's',
    about: 'Time left out of the statistics at this end.',
  },
  {
    path: 'cost.usd_per_gpu_hour',
    domain: NOT_NEGATIVE,
    unit: 'USD',
    default: null,
    about: "Price of a GPU-hour instead of the catalog's: one for all, or by hardware.",
  },
  { path: 'optimization.constraints.min_candidate_gpus', domain: COUNT, default: 1, about: 'Fewest GPUs in use.' },
  {
    path: 'optimization.constraints.max_candidate_gpus',
    domain: COUNT,
    default: 32,
    about: 'Most GPUs a candidate may use.',
  },
  {
    path: 'optimization.constraints.max_usd_per_hour',
    domain: POSITIVE,
    unit: 'USD/h',
    default: null,
    about: 'Most a candidate may cost; null is no limit.',
  },
  {
    path: 'optimizer.algorithm',
    domain: { kind: 'choice', choices: ALGORITHMS },
    default: 'cascade',
    about: 'How candidates are chosen for simulation: those that may matter, all, or all in random order.',
  },
  {
    path: 'optimizer.seed',
    domain: { kind: 'integer', min: 0, max: 2 ** 32 - 1 },
    about: 'Seed of the search; by default the seed of the simulation.',
  },
  {
    path: 'optimizer.max_passes',
    domain: COUNT,
    default: null,
    about: 'Simulated forward passes after which the search stops; null is no limit.',
  },
] as const satisfies readonly Knob[];
