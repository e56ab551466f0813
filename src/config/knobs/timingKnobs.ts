import { COUNT, type Knob, NOT_NEGATIVE, POSITIVE, TEXT } from '../knob.ts';

/** How long a pass takes, where the user says so. */
export const TIMING_KNOBS = [
  {
    path: 'engine.workers.<role>.timing.calibration',
    domain: TEXT,
    default: null,
    about: 'Coefficient file of `dynosim calibrate`, relative to this file; null: the fit that dynosim ships.',
  },
  { path: 'engine.workers.<role>.timing.ms', domain: POSITIVE, unit: 'ms', about: 'Duration of a pass.' },
  {
    path: 'engine.workers.<role>.timing.per_unit_ms',
    domain: NOT_NEGATIVE,
    unit: 'ms',
    about: 'Duration per unit of work.',
  },
  {
    path: 'engine.workers.<role>.timing.table.count',
    domain: COUNT,
    about: 'Tokens or sequences in the measured pass.',
  },
] as const satisfies readonly Knob[];
