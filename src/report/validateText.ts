import Table from 'cli-table3';
import pc from 'picocolors';
import type { ErrorSummary } from '../calibrate/errors.ts';
import type { GroupKey, MetricErrors, Validation } from '../calibrate/validation.ts';
import { formatPercent } from './format.ts';

const COLUMNS = ['rows', 'MAPE', 'median', 'P90', 'bias', 'in band'];

/** The tables of `dynosim validate`: overall, by each key, untrusted rows apart, then what the errors mean for decisions. */
export function renderValidation(validation: Validation, color: boolean): string {
  const colors = pc.createColors(color);
  const { rows, predicted, overall, groups, untrusted, rank_correlation, regret, failures } = validation;
  const lines = [`${predicted} of ${rows} measured points predicted`];
  lines.push(renderErrors('all that is trusted', [['', overall]]));
  for (const by of ['backend', 'gpu', 'model', 'precision', 'concurrency'] satisfies GroupKey[]) {
    const named = groups.filter((group) => group.by === by).map((group) => [group.value, group] as const);
    if (named.length > 1) lines.push(renderErrors(`by ${by}`, named));
  }
  const worst = groups
    .filter((group) => group.by === 'group' && group.tpot !== null && group.tpot.rows >= 3)
    .sort((a, b) => b.tpot!.median_ape - a.tpot!.median_ape)
    .slice(0, 8);
  if (worst.length > 1)
    lines.push(
      renderErrors(
        'worst servers by TPOT',
        worst.map((group) => [group.value, group] as const),
      ),
    );
  if (untrusted.length > 0) {
    lines.push(
      renderErrors(
        'not trusted, left out above',
        untrusted.map((group) => [group.note, group] as const),
      ),
    );
  }
  const { ttft, tpot } = rank_correlation;
  if (tpot !== null)
    lines.push(
      `Rank correlation inside a curve: TPOT ${tpot.toFixed(3)}${ttft === null ? '' : `, TTFT ${ttft.toFixed(3)}`}`,
    );
  if (regret.median !== null && regret.worst !== null) {
    lines.push(
      `Choosing by prediction loses ${formatPercent(regret.median)} of output tokens/s per GPU at the median over model x GPU ` +
        `(${regret.choices} choices; worst ${regret.worst.value}: ${formatPercent(regret.worst.regret)})`,
    );
  }
  for (const { id, message } of failures.slice(0, 5)) lines.push(colors.red(`${id}: ${message}`));
  if (failures.length > 5) lines.push(colors.red(`and ${failures.length - 5} more that could not be predicted`));
  return `${lines.join('\n')}\n`;
}

/** `mean TPOT is predicted 12 % too low and mean TTFT 30 % too low: calibrate`. */
export function verdict({ ttft, tpot }: MetricErrors): string {
  const said = [biasOf('TPOT', tpot), biasOf('TTFT', ttft)].filter((text) => text !== null);
  if (said.length === 0) return 'Nothing to compare';
  const worst = Math.max(tpot?.median_ape ?? 0, ttft?.median_ape ?? 0);
  const advice =
    worst > 0.15
      ? 'calibrate (dynosim calibrate FILE) before trusting absolute figures'
      : 'close enough without calibration';
  return `${said.join(', ')}: ${advice}`;
}

function biasOf(name: string, errors: ErrorSummary | null): string | null {
  if (errors === null) return null;
  const { bias } = errors;
  if (Math.abs(bias) < 0.005) return `mean ${name} is predicted without bias`;
  return `mean ${name} is predicted ${formatPercent(Math.abs(bias))} too ${bias < 0 ? 'low' : 'high'}`;
}

/** A table of named errors, TPOT before TTFT. */
export function renderErrors(title: string, rows: readonly (readonly [name: string, errors: MetricErrors])[]): string {
  const table = new Table({
    head: [title, ...COLUMNS.map((name) => `TPOT ${name}`), ...COLUMNS.map((name) => `TTFT ${name}`)],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...COLUMNS.map(() => 'right' as const), ...COLUMNS.map(() => 'right' as const)],
  });
  for (const [name, { tpot, ttft }] of rows) table.push([name, ...cellsOf(tpot), ...cellsOf(ttft)]);
  return table.toString();
}

function cellsOf(errors: ErrorSummary | null): string[] {
  if (errors === null) return COLUMNS.map(() => '');
  const { rows, mape, median_ape, p90_ape, bias, band_coverage } = errors;
  const shares = [mape, median_ape, p90_ape, bias].map((share) => (100 * share).toFixed(1));
  return [String(rows), ...shares, band_coverage === null ? '' : (100 * band_coverage).toFixed(0)];
}
