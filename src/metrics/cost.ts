import { NS_PER_S } from '../base/units.ts';
import type { Report } from './report.ts';

/** 365 days of 24 hours over 12, the month of cloud price calculators. */
export const HOURS_PER_MONTH = 730;

/**
 * What the fleet costs at so many USD per GPU and hour, pool by pool, with as many GPUs on average.
 * Per million output tokens is the hourly price over the tokens of an hour at `outputTokensPerS`; null when nothing was generated.
 */
export function costOf(
  meanGpus: readonly number[],
  usdPerGpuHour: readonly number[],
  durationNs: number,
  outputTokensPerS: number,
): Report['cost'] {
  const usdPerHour = meanGpus.reduce((sum, gpus, pool) => sum + gpus * usdPerGpuHour[pool], 0);
  return {
    usd: (usdPerHour * durationNs) / NS_PER_S / 3600,
    usd_per_hour: usdPerHour,
    usd_per_million_output_tokens: outputTokensPerS === 0 ? null : (usdPerHour / (outputTokensPerS * 3600)) * 1e6,
    usd_per_month: usdPerHour * HOURS_PER_MONTH,
  };
}
