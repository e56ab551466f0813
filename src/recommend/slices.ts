import type { PredictConfig } from '../config/predictConfig.ts';

/** Sizes of slices worth having, as shares of the whole; ascending. */
const SHARES = [1 / 32, 1 / 6];
/** A slice with fewer requests says little about a percentile. */
const FEWEST_REQUESTS = 60;

/** Numbers of requests of the slices that candidates like these are tried on before a workload of `requests` whole. */
export function sliceSizes(requests: number, configs: readonly PredictConfig[]): number[] {
  // A window in seconds may be longer than a slice lasts.
  if (configs.some(({ evaluation: { window } }) => 'seconds' in window.warmup || 'seconds' in window.cooldown))
    return [];
  return SHARES.map((share) => Math.max(FEWEST_REQUESTS, Math.round(share * requests))).filter(
    (size, index, all) => size <= requests / 3 && size !== all[index - 1],
  );
}

/**
 * The same deployment on the first `requests` requests, or as many more as fill a closed loop more than once; a window
 * keeps its share of them.
 */
export function onSlice(config: PredictConfig, requests: number): PredictConfig {
  const { load, stop } = config.traffic;
  const slots = load.type === 'concurrency' ? load.concurrency : 0;
  const size = Math.min(stop.requests ?? Number.POSITIVE_INFINITY, Math.max(requests, 2 * slots));
  const { window } = config.evaluation;
  const cut = (side: typeof window.warmup, most: number): typeof window.warmup =>
    'requests' in side ? { requests: Math.min(side.requests, Math.floor(most)) } : side;
  return {
    ...config,
    traffic: { ...config.traffic, stop: { ...stop, requests: size } },
    evaluation: {
      ...config.evaluation,
      window: { warmup: cut(window.warmup, size / 2), cooldown: cut(window.cooldown, size / 4) },
    },
  };
}
