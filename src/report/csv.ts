import { METRICS, metricValue } from '../metrics/metricNames.ts';
import type { Recommendation } from '../recommend/recommendation.ts';

/** The frontier as CSV, best first: identity, load, then every metric by its name. Empty cells for what is not finite. */
export function frontierCsv(recommendation: Recommendation): string {
  const head = ['rank', 'pick', 'id', 'shape', 'gpus', 'load_type', 'load', 'feasible', 'worst_slack', ...METRICS];
  const rows = recommendation.frontier.map((candidate, index) => [
    String(index + 1),
    candidate.id === recommendation.pick?.id ? '1' : '0',
    candidate.id,
    candidate.shape,
    String(candidate.gpus),
    candidate.load.type,
    String(candidate.load.value),
    candidate.feasible ? '1' : '0',
    String(candidate.summary.slo.worst_slack ?? ''),
    ...METRICS.map((name) => numberCell(metricValue(candidate.summary, name))),
  ]);
  return toCsv([head, ...rows]);
}

/** RFC 4180 with line feeds: cells that hold a comma, a quote or a line break are quoted. */
export function toCsv(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(',')}\n`).join('');
}

function numberCell(value: number): string {
  return Number.isFinite(value) ? String(value) : '';
}
