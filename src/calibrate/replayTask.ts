/** The task module of validate and calibrate: replays one measured point. Runs in worker threads. */
import type { TimingModel } from '../timing/coefficients.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import { type Means, replay } from './replay.ts';

export interface ReplayJob {
  readonly point: MeasuredPoint;
  readonly model: TimingModel;
}

export function prepare(): (job: ReplayJob) => Means {
  return ({ point, model }) => replay(point, model);
}
