/** Numbers and durations as people read them. Pure and locale-free: the same text in a terminal, a page and a test. */
import { metricWords } from '../metrics/metricNames.ts';

/** Thousands separated by commas, `decimals` places. */
export function formatFixed(value: number, decimals: number): string {
  const [whole, fraction] = Math.abs(value).toFixed(decimals).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const sign = value < 0 && Number(value.toFixed(decimals)) !== 0 ? '-' : '';
  return `${sign}${grouped}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** Whole numbers as they are, others to about three significant digits: 0.0123, 1.23, 12.3, 12,345. `-` for null and what is not finite. */
export function formatNumber(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '-';
  const size = Math.abs(value);
  if (size >= 99.95 || Number.isInteger(value)) return formatFixed(value, 0);
  if (size >= 9.995) return formatFixed(value, 1);
  return formatFixed(value, size >= 0.0995 ? 2 : size >= 0.00995 ? 3 : 4);
}

/** Milliseconds with the unit that fits: 0.8 ms, 230 ms, 1.5 s, 12 min. */
export function formatMs(ms: number): string {
  if (ms < 999.5) return `${formatNumber(ms)} ms`;
  if (ms < 120_000) return `${formatNumber(ms / 1000)} s`;
  return ms < 7_200_000 ? `${formatNumber(ms / 60_000)} min` : `${formatNumber(ms / 3_600_000)} h`;
}

/** `62 %`; one decimal below 10 % and above 90 %, where it matters; never 100 % unless it is all. */
export function formatPercent(ratio: number): string {
  const percent = ratio * 100;
  const fine =
    (percent > 90 && percent < 100 && percent !== Math.round(percent)) ||
    (Math.abs(percent) < 10 && percent !== Math.round(percent));
  const text = formatFixed(percent, fine ? 1 : 0);
  return `${percent < 100 && text.startsWith('100') ? '99.9' : text} %`;
}

/** Relative slack to a bound: `23 %`, `-40 %`; `-` without a bound; `hopeless` from ten times the bound on, infinity included. */
export function formatSlack(slack: number | null): string {
  if (slack === null) return '-';
  return slack <= -9 ? 'hopeless' : formatPercent(slack);
}

/** `$36.80`, `$26,864`. */
export function formatUsd(usd: number): string {
  return `$${formatFixed(usd, Math.abs(usd) >= 1000 ? 0 : 2)}`;
}

/** `1 request`, `12,031 requests`. */
export function formatCount(count: number, noun: string): string {
  return `${formatFixed(count, 0)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A metric's name in words, with its unit: `p95_ttft_ms` is `p95 TTFT (ms)`. */
export function metricLabel(name: string): string {
  return name.endsWith('_ms') ? `${metricWords(name)} (ms)` : metricWords(name);
}
