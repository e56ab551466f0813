import Table from 'cli-table3';
import { clockWarning } from '../workload/clock.ts';
import type { LengthSummary, WorkloadSummary } from '../workload/describe.ts';
import { formatFixed, formatMs, formatNumber, formatPercent } from './format.ts';

export interface InspectedWorkload {
  readonly name: string;
  readonly summary: WorkloadSummary;
  readonly odd: readonly string[];
}

const BARS = '▁▂▃▄▅▆▇█';
const STYLE = { head: [], border: [], compact: true };

/** The last part of a path. */
function basename(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}

/** Workloads side by side, how each arrives over time, and what is odd about each. */
export function renderWorkloads(workloads: readonly InspectedWorkload[]): string {
  const table = new Table({ head: ['', ...workloads.map(({ name }) => basename(name))], style: STYLE });
  for (const [label, cell] of ROWS) table.push([label, ...workloads.map(({ summary }) => cell(summary))]);
  const below = workloads.map(({ name, summary, odd }) => {
    const busiest = Math.max(...summary.arrivals.perSlice);
    const time = `arrivals over ${formatMs(summary.durationMs)} |${bars(summary.arrivals.perSlice)}| at most ${busiest} in a column`;
    return [`\n${name}`, ...(summary.durationMs > 0 ? [`  ${time}`] : []), ...odd.map((text) => `  odd: ${text}`)].join(
      '\n',
    );
  });
  return `${table.toString()}\n${below.join('\n')}\n`;
}

const ROWS: readonly (readonly [label: string, cell: (summary: WorkloadSummary) => string])[] = [
  ['requests', ({ requests }) => formatFixed(requests, 0)],
  ['conversations', ({ sessions }) => formatFixed(sessions, 0)],
  ['duration', ({ durationMs }) => formatMs(durationMs)],
  ['requests a second', ({ requestsPerS }) => formatNumber(requestsPerS)],
  ['variation of gaps (Poisson: 1)', ({ arrivals }) => formatNumber(arrivals.gapVariation)],
  ['prompt tokens: mean, p50, p95, max', ({ inputTokens }) => lengths(inputTokens)],
  ['answer tokens: mean, p50, p95, max', ({ outputTokens }) => lengths(outputTokens)],
  [
    'prompt tokens for each of the answer',
    ({ inputTokens, outputTokens }) => formatNumber(inputTokens.mean / outputTokens.mean),
  ],
  ['prompt tokens an endless cache would have', ({ reusedTokenRatio }) => formatPercent(reusedTokenRatio)],
  ['clock', ({ clock }) => (clockWarning(clock) === null ? 'fine' : `ticks every ${formatMs(clock.tickNs / 1e6)}`)],
];

function lengths({ mean, p50, p95, max }: LengthSummary): string {
  return [mean, p50, p95, max].map((value) => formatFixed(value, 0)).join(' / ');
}

function bars(counts: readonly number[]): string {
  const most = Math.max(...counts, 1);
  return counts.map((count) => (count === 0 ? ' ' : BARS[Math.ceil((count / most) * BARS.length) - 1])).join('');
}
