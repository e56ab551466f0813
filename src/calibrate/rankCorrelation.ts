import { groupsBy, type Predicted } from './predicted.ts';

/** Fewest points of a curve that can be ranked. */
const SHORTEST_CURVE = 3;

/** Mean Spearman correlation between predicted and measured values inside each curve (points that differ in concurrency only). */
export function rankCorrelations(rows: readonly Predicted[]): { ttft: number | null; tpot: number | null } {
  const of = (metric: 'ttft' | 'tpot') => {
    const trusted = rows.filter(({ point }) => point.trusted[metric]);
    const curves = groupsBy(trusted, ({ point }) => point.curve).map(([, curve]) => curve);
    const correlations = curves
      .filter((curve) => curve.length >= SHORTEST_CURVE)
      .map((curve) =>
        spearman(
          curve.map(({ means }) => means![`${metric}Ms`]),
          curve.map(({ point }) => point[`${metric}Ms`]),
        ),
      );
    if (correlations.length === 0) return null;
    return correlations.reduce((sum, value) => sum + value, 0) / correlations.length;
  };
  return { ttft: of('ttft'), tpot: of('tpot') };
}

/** Pearson correlation of the ranks; 0 where one side does not vary. */
export function spearman(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [ranks(first), ranks(second)];
  const mean = (a.length + 1) / 2;
  let both = 0;
  let ofA = 0;
  let ofB = 0;
  for (let index = 0; index < a.length; index++) {
    both += (a[index] - mean) * (b[index] - mean);
    ofA += (a[index] - mean) ** 2;
    ofB += (b[index] - mean) ** 2;
  }
  return ofA === 0 || ofB === 0 ? 0 : both / Math.sqrt(ofA * ofB);
}

/** Ranks from 1; equal values share the mean of theirs. */
function ranks(values: readonly number[]): number[] {
  const ascending = [...values].sort((a, b) => a - b);
  return values.map((value) => (ascending.indexOf(value) + ascending.lastIndexOf(value)) / 2 + 1);
}
