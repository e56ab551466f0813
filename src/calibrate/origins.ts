import { SHIPPED_CALIBRATION } from '../timing/calibration.ts';
import { type Coefficients, PRIOR, PRIOR_SD } from '../timing/coefficients.ts';
import type { Origin } from './calibrate.ts';

/** From the hand-set values: how the shipped fit is made. */
export const HAND_ORIGIN: Origin = {
  coefficients: PRIOR,
  sds: PRIOR_SD,
  spreads: SHIPPED_CALIBRATION.spreads,
  rounds: 2,
};

/** What is general moves by this share of its spread: a few servers say little about all of them, much about themselves. */
const OWN_FLEET = 0.2;

/** From the shipped fit: for a user's own servers. */
export const SHIPPED_ORIGIN: Origin = {
  coefficients: SHIPPED_CALIBRATION.coefficients,
  sds: scaled(PRIOR_SD, OWN_FLEET),
  spreads: SHIPPED_CALIBRATION.spreads,
  rounds: 1,
};

function scaled(values: Coefficients, factor: number): Coefficients {
  const entries = Object.entries(values).map(([name, value]) => [name, value * factor]);
  return Object.fromEntries(entries) as unknown as Coefficients;
}
