/** The task module of validate and calibrate: replays one measured point. Runs in worker threads. */
import type { Coefficients } from '../timing/coefficients.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import { type Means, replay } from './replay.ts';

export interface ReplayJob {
  readonly point: MeasuredPoint;
  readonly coefficients: Coefficients;
}

export function prepare(): (job: ReplayJob) => Means {
  return ({ point, coefficients }) => replay(point, coefficients);
}
