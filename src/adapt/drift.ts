import type { Spread, Stretch } from './windows.ts';

/** Relative change below which nothing has drifted, however sure it is. */
const LEAST_CHANGE = 0.25;
/** Standard errors that a change must exceed: chance alone went so far in one of 230 windows of fifty requests, in none of 3,956 of a hundred and more. */
const ERRORS = 3.5;

/** Windows in a row that look alike, as [first, after last), and why the first is unlike the ones before. */
export interface Segment {
  readonly first: number;
  readonly end: number;
  readonly reason: string;
}

/** Cuts where arrivals, lengths or reuse of a window have drifted from those of the segment so far. */
export function segmentsOf(windows: readonly Stretch[]): Segment[] {
  const segments: Segment[] = [];
  let first = 0;
  let reason = 'the beginning';
  for (let window = 1; window <= windows.length; window++) {
    const drift =
      window === windows.length ? 'the end' : driftOf(pooled(windows.slice(first, window)), windows[window]);
    if (drift === null) continue;
    segments.push({ first, end: window, reason });
    first = window;
    reason = drift;
  }
  return segments;
}

/** What has changed, in words; null if nothing has. */
function driftOf(before: Stretch, now: Stretch): string | null {
  const [short, long] = [before, now].map(({ fromNs, toNs }) => (toNs - fromNs) / 1e9);
  const rateError = Math.sqrt(
    Math.max(1, before.requests) / (short * short) + Math.max(1, now.requests) / (long * long),
  );
  const found = [
    changeInWords('requests/s', before.perS, now.perS, rateError),
    lengthDrift('prompt tokens', before, now, ({ inputTokens }) => inputTokens),
    lengthDrift('output tokens', before, now, ({ outputTokens }) => outputTokens),
    // A share: a change of it counts against all there is to share, and a window of many prompts knows it well.
    Math.abs(now.reusedRatio - before.reusedRatio) > LEAST_CHANGE
      ? `reuse ${percent(before.reusedRatio)} to ${percent(now.reusedRatio)}`
      : null,
  ].filter((each) => each !== null);
  return found.length === 0 ? null : found.join(', ');
}

function lengthDrift(what: string, before: Stretch, now: Stretch, spread: (stretch: Stretch) => Spread): string | null {
  if (before.requests === 0 || now.requests === 0) return null;
  const variance = (stretch: Stretch): number =>
    (spread(stretch).deviation * spread(stretch).deviation) / stretch.requests;
  return changeInWords(what, spread(before).mean, spread(now).mean, Math.sqrt(variance(before) + variance(now)));
}

function changeInWords(what: string, before: number, now: number, error: number): string | null {
  const change = Math.abs(now - before);
  if (change <= LEAST_CHANGE * Math.max(before, now) || change <= ERRORS * error) return null;
  return `${what} ${Number(before.toPrecision(3))} to ${Number(now.toPrecision(3))}`;
}

function percent(ratio: number): string {
  return `${Math.round(100 * ratio)} %`;
}

/** Windows in a row as one. */
function pooled(windows: readonly Stretch[]): Stretch {
  const requests = windows.reduce((sum, window) => sum + window.requests, 0);
  const { fromNs } = windows[0];
  const { toNs } = windows[windows.length - 1];
  const mean = (value: (stretch: Stretch) => number): number =>
    requests === 0 ? 0 : windows.reduce((sum, window) => sum + value(window) * window.requests, 0) / requests;
  const spread = (of: (stretch: Stretch) => Spread): Spread => {
    const centre = mean((window) => of(window).mean);
    const square = mean((window) => of(window).deviation * of(window).deviation + of(window).mean * of(window).mean);
    return { mean: centre, deviation: Math.sqrt(Math.max(0, square - centre * centre)) };
  };
  return {
    fromNs,
    toNs,
    requests,
    perS: (requests / (toNs - fromNs)) * 1e9,
    inputTokens: spread(({ inputTokens }) => inputTokens),
    outputTokens: spread(({ outputTokens }) => outputTokens),
    reusedRatio: mean(({ reusedRatio }) => reusedRatio),
  };
}
