/**
 * How far is the timing model's TPOT from measured servers? `DYNOSIM_DATA=... npx tsx bench/accuracy.ts`
 * Errors are |predicted / measured - 1|: mean (MAPE) and median, %. The shipped scales were fitted on these points, so
 * the held-out lines, which refit them without the group they predict, are the ones to quote.
 */
import { FITTED_SCALES } from '../src/timing/constants.ts';
import { fitScales } from './timingFit.ts';
import { type MeasuredPoint, measuredPoints, plainTpotMs, predictTpotMs } from './timingPoints.ts';

const { points, skipped } = measuredPoints();
const missing = [...skipped].map(([model, count]) => `${model} ${count}`).join(', ');
console.log(`${points.length} points; skipped because the catalog lacks the model: ${missing || 'none'}\n`);

const errors = new Map(points.map((point) => [point, predictTpotMs(point) / point.tpotMs - 1]));
print('all, shipped scales', points, errors);
print(
  'all, without the closed-loop correction',
  points,
  errorsBy((point) => plainTpotMs(point)),
);
print(
  'each (model, GPU) held out, five folds',
  points,
  heldOut((point) => point.fold),
);
print(
  'each model family held out',
  points,
  heldOut((point) => point.model.replace('DeepSeek-V3', 'DeepSeek-R1')),
);
for (const key of ['backend', 'system', 'model', 'fold'] as const) {
  console.log(`\nby ${key}, shipped scales`);
  for (const [value, group] of groupsBy((point) => point[key])) print(`  ${value}`, group, errors);
}
console.log('\nscales refitted on every point, shipped in brackets');
for (const [key, value] of Object.entries(fitScales(points))) {
  console.log(`  ${key.padEnd(12)} ${value.toPrecision(4)} (${FITTED_SCALES[key as keyof typeof FITTED_SCALES]})`);
}

function errorsBy(predict: (point: MeasuredPoint) => number): Map<MeasuredPoint, number> {
  return new Map(points.map((point) => [point, predict(point) / point.tpotMs - 1]));
}

function heldOut(groupOf: (point: MeasuredPoint) => string): Map<MeasuredPoint, number> {
  const result = new Map<MeasuredPoint, number>();
  for (const [value, group] of groupsBy(groupOf)) {
    const scales = fitScales(points.filter((point) => groupOf(point) !== value));
    for (const point of group) result.set(point, predictTpotMs(point, scales) / point.tpotMs - 1);
  }
  return result;
}

function groupsBy(keyOf: (point: MeasuredPoint) => string): [string, MeasuredPoint[]][] {
  const groups = new Map<string, MeasuredPoint[]>();
  for (const point of points) {
    const key = keyOf(point);
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function print(name: string, group: readonly MeasuredPoint[], byPoint: ReadonlyMap<MeasuredPoint, number>): void {
  const signed = group.map((point) => byPoint.get(point) ?? Number.NaN);
  const sizes = signed.map(Math.abs).sort((a, b) => a - b);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const percent = (value: number) => (100 * value).toFixed(1).padStart(6);
  const median = (sizes[(sizes.length - 1) >> 1] + sizes[sizes.length >> 1]) / 2;
  const bias = percent(mean(signed));
  console.log(
    `${name.padEnd(42)} n ${String(group.length).padStart(4)}  MAPE ${percent(mean(sizes))}  median ${percent(median)}  bias ${bias}`,
  );
}
