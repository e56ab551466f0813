import { NS_PER_MS } from '../base/units.ts';
import type { WorkloadSummary } from './describe.ts';
import type { Workload } from './workload.ts';

const CUT_RATIO = 0.05;
const DRIFT_RATIO = 1.5;
/** A pause so many times the mean gap does not happen by chance in a Poisson stream of a million. */
const PAUSE_GAPS = 20;
const FEW_REQUESTS = 1000;
/** Fewer arrivals drift by chance. */
const LEAST_TO_DRIFT = 100;

/** What a reader of results should know of a workload, one sentence each: its warnings, and what its columns give away. */
export function odditiesOf(workload: Workload, summary: WorkloadSummary): string[] {
  const { arrivals, requests, durationMs, sessions } = summary;
  const odd: string[] = [...summary.warnings];
  if (requests < FEW_REQUESTS)
    odd.push(`few requests: p99 rests on ${Math.max(1, Math.round(requests / 100))} of them`);
  for (const [what, values] of [
    ['prompts', workload.inputTokens],
    ['answers', workload.outputTokens],
  ] as const) {
    const oddLength = oddLengths(what, values);
    if (oddLength !== null) odd.push(oddLength);
  }
  if (workload.blockIds.length === 0) odd.push('no prompt names its content: prefix caching will find nothing');
  const { halvesRatio } = arrivals;
  if (
    halvesRatio !== null &&
    sessions >= LEAST_TO_DRIFT &&
    (halvesRatio > DRIFT_RATIO || halvesRatio < 1 / DRIFT_RATIO)
  ) {
    odd.push(
      `the second half has ${halvesRatio.toFixed(1)} times the arrivals of the first: one rate does not describe it`,
    );
  }
  const pauseMs = arrivals.longestGapNs / NS_PER_MS;
  if (sessions > PAUSE_GAPS && pauseMs > (PAUSE_GAPS * durationMs) / (sessions - 1)) {
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    odd.push(`nobody comes for ${seconds(pauseMs)} s from ${seconds(arrivals.longestGapFromNs / NS_PER_MS)} s on`);
  }
  return odd;
}

/** All alike, or many at exactly the largest value. */
function oddLengths(what: string, values: Int32Array): string | null {
  if (values.length < 2) return null;
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  const atLargest = values.reduce((count, value) => count + (value === largest ? 1 : 0), 0);
  if (atLargest === values.length) return `all ${what} have ${largest} tokens: a benchmark rather than traffic`;
  if (atLargest < CUT_RATIO * values.length) return null;
  const percent = ((100 * atLargest) / values.length).toFixed(0);
  return `${percent} % of the ${what} have exactly the largest length, ${largest} tokens: a limit has probably cut them`;
}
