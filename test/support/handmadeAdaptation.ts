import type { Adaptation, Score, WindowReport } from '../../src/adapt/adaptation.ts';
import { HANDMADE_CONFIG } from './handmadeAnswer.ts';

const HOUR_S = 3600;

function hours(fromHour: number, rates: readonly number[]): WindowReport[] {
  return rates.map((perS, hour) => ({
    from_s: (fromHour + hour) * HOUR_S,
    to_s: (fromHour + hour + 1) * HOUR_S,
    requests: perS * HOUR_S,
    requests_per_s: perS,
    mean_input_tokens: 400,
    mean_output_tokens: 20,
    reused_ratio: 0,
  }));
}

/** So many replicas of one GPU each hour, from an hour on. */
function courseOf(fromHour: number, replicas: readonly number[]): Score['course'] {
  return {
    timetable: replicas.map((count, hour) => ({ from_s: (fromHour + hour) * HOUR_S, deployment: `${count}x TP1` })),
    gpus: replicas.map((gpus, hour) => ({ time_s: (fromHour + hour) * HOUR_S, gpus })),
    attained_ratios: replicas.map((_, hour) => (hour === 0 ? 0.99 : null)),
  };
}

function scoreOf(deployment: string, usd: number, replicas: readonly number[], estimatedUsd: number | null): Score {
  return {
    deployment,
    usd,
    usd_by_phase: { starting: 0.1 * usd, serving: 0.9 * usd, draining: 0, warm: 0 },
    estimated_usd: estimatedUsd,
    attained_ratio: 0.99,
    met: true,
    gpu_hours: usd / 2,
    scale_events: 2,
    course: courseOf(2, replicas),
    in_training: { usd, attained_ratio: 0.99, met: true, course: courseOf(0, replicas) },
    config: HANDMADE_CONFIG,
  };
}

/** Four hours, the load going down after the first and the third; four replicas and one, or four throughout. */
export function handmadeAdaptation(): Adaptation {
  const windows = { train: hours(0, [6, 1]), test: hours(2, [5, 1]) };
  const prices = { startup: 0.1, double_running: 0.03, draining: 0.01, lost_cache: 0.01 };
  return {
    config_hash: 'f'.repeat(64),
    train: { from_s: 0, to_s: 2 * HOUR_S, requests: 7 * HOUR_S },
    test: { from_s: 2 * HOUR_S, to_s: 4 * HOUR_S, requests: 6 * HOUR_S },
    windows,
    segments: windows.train.map((window, hour) => ({
      ...window,
      reason: hour === 0 ? 'the beginning' : 'requests/s 6 to 1',
      fewest: { TP1: [hour === 0 ? 4 : 1], TP2: null },
      deployment: hour === 0 ? '4x TP1' : '1x TP1',
    })),
    switches: [
      { at_s: HOUR_S, from: '4x TP1', to: '1x TP1', reason: 'requests/s 6 to 1', estimated_usd: prices },
      { at_s: 2 * HOUR_S, from: '1x TP1', to: '4x TP1', reason: 'it begins again', estimated_usd: prices },
    ],
    scores: {
      schedule: scoreOf('4x TP1, 1x TP1: 2 switches', 10.4, [4, 1], 10.4 * 1.02),
      best_static: scoreOf('4x TP1', 16, [4, 4], null),
      best_autoscaled: scoreOf('TP1, HPA at 4 requests', 20, [5, 2], null),
      hindsight: { ...scoreOf('4x TP1, 1x TP1: 2 switches', 10.3, [4, 1], 10.3), in_training: null },
    },
    simulations: 12,
    left_out: ['nothing'],
  };
}
