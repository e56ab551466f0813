export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** One character. Later points cover earlier ones. */
  readonly mark: string;
}

/**
 * A scatter plot in text: `height` rows of `width` cells between a y axis with its extremes and an x axis with its own.
 * Axes are logarithmic where all values are positive and span more than a factor of 20. Points that are not finite are left out.
 */
export function textPlot(
  points: readonly PlotPoint[],
  labels: { readonly x: string; readonly y: string },
  format: (value: number) => string,
  width = 60,
  height = 12,
): string[] {
  const shown = points.filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  if (shown.length === 0) return [];
  const x = axisOf(shown.map((point) => point.x));
  const y = axisOf(shown.map((point) => point.y));
  const rows = Array.from({ length: height }, () => Array<string>(width).fill(' '));
  for (const point of shown) {
    const column = Math.round(x.position(point.x) * (width - 1));
    const row = height - 1 - Math.round(y.position(point.y) * (height - 1));
    rows[row][column] = point.mark;
  }
  const top = format(y.max);
  const bottom = format(y.min);
  const margin = Math.max(top.length, bottom.length);
  const left = format(x.min);
  const right = format(x.max);
  return [
    `${' '.repeat(margin)} ${labels.y}${y.logarithmic ? ', log' : ''}`,
    ...rows.map((cells, row) => {
      const tick = row === 0 ? top : row === height - 1 ? bottom : '';
      return `${tick.padStart(margin)} |${cells.join('')}`.trimEnd();
    }),
    `${' '.repeat(margin)} +${'-'.repeat(width)}`,
    `${' '.repeat(margin)}  ${left}${' '.repeat(Math.max(1, width - left.length - right.length))}${right}`,
    `${' '.repeat(margin)}  ${labels.x}${x.logarithmic ? ', log' : ''}`,
  ];
}

function axisOf(values: readonly number[]): {
  min: number;
  max: number;
  logarithmic: boolean;
  position: (value: number) => number;
} {
  const min = Math.min(...values);
  const max = Math.max(...values);
  const logarithmic = min > 0 && max / min > 20;
  const scale = (value: number): number => (logarithmic ? Math.log(value) : value);
  const span = scale(max) - scale(min);
  const position = (value: number): number => (span === 0 ? 0.5 : (scale(value) - scale(min)) / span);
  return { min, max, logarithmic, position };
}
