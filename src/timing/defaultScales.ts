import { SHIPPED_CALIBRATION } from './calibration.ts';
import { scalesOf } from './coefficients.ts';

/** The shipped fit's scales, for timers of no engine in particular. */
export const DEFAULT_SCALES = scalesOf({ coefficients: SHIPPED_CALIBRATION.coefficients, group: null }, 'vllm');
