import { NS_PER_S } from '../base/units.ts';
import type { PatienceSpec } from '../cluster/patience.ts';
import { knobDefault } from './knobs.ts';

/** `traffic.patience`; what is left out clients do not mind. */
export interface PatienceConfig {
  readonly first_token_seconds?: number;
  readonly whole_seconds?: number;
  readonly abandoned_share?: number;
  readonly abandoned_mean_seconds?: number;
}

export function patienceSpecOf(patience: PatienceConfig): PatienceSpec {
  const { first_token_seconds, whole_seconds, abandoned_share, abandoned_mean_seconds } = patience;
  const share = abandoned_share ?? knobDefault<number>('traffic.patience.abandoned_share');
  const meanS = abandoned_mean_seconds ?? knobDefault<number>('traffic.patience.abandoned_mean_seconds');
  return {
    ...(first_token_seconds === undefined ? {} : { firstTokenNs: Math.round(first_token_seconds * NS_PER_S) }),
    ...(whole_seconds === undefined ? {} : { wholeNs: Math.round(whole_seconds * NS_PER_S) }),
    ...(share === 0 ? {} : { abandoned: { share, meanNs: meanS * NS_PER_S } }),
  };
}
