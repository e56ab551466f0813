import { formatMs } from '../../src/report/format.ts';
import type { Theme } from './theme.ts';

/** Steps of a clock, seconds. */
const TICKS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400];
const PX_PER_TICK = 90;

function tickS(spanS: number, widthPx: number): number {
  const least = (spanS * PX_PER_TICK) / widthPx;
  return TICKS_S.find((step) => step >= least) ?? Math.ceil(least / 86400) * 86400;
}

/** `2:20` where ticks of less than a minute go on past the second one, otherwise a duration as everywhere. */
export function tickLabel(s: number, stepS: number, lastS: number): string {
  if (stepS < 10 || stepS >= 60 || lastS < 120) return formatMs(s * 1000);
  const seconds = Math.round(s);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}

/** Virtual time in seconds, labelled if `shown`. */
export function clockAxis(fromS: number, toS: number, widthPx: number, shown: boolean, theme: Theme) {
  const stepS = tickS(toS - fromS, widthPx);
  return {
    type: 'value' as const,
    min: fromS,
    max: toS,
    interval: stepS,
    axisLabel: {
      show: shown,
      color: theme.muted,
      formatter: (s: number) => tickLabel(s, stepS, toS),
      hideOverlap: true,
      showMaxLabel: false,
    },
    axisLine: { lineStyle: { color: theme.muted } },
    splitLine: { show: false },
  };
}
