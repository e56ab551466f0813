interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 64;
const RIGHT = 170;
const TOP = 16;
const BOTTOM = 44;
const COLORS = ['#888888', '#0072b2', '#d55e00', '#009e73', '#cc79a7'];

/** Lines over a linear x and a logarithmic y axis, as an SVG document that needs nothing else. */
export function linePlot(series: readonly Series[], xName: string, yName: string): string {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const ys = series.flatMap(({ points }) => points.map(({ y }) => y));
  const low = 10 ** Math.floor(Math.log10(Math.min(...ys)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...ys)));
  const isWide = xs[xs.length - 1] / xs[0] > 8;
  const place = (x: number): number => (isWide ? Math.log(x) : x);
  const atX = (x: number): number =>
    LEFT + ((place(x) - place(xs[0])) / (place(xs[xs.length - 1]) - place(xs[0]))) * (WIDTH - LEFT - RIGHT);
  const atY = (y: number): number =>
    HEIGHT - BOTTOM - (Math.log10(y / low) / Math.log10(high / low)) * (HEIGHT - TOP - BOTTOM);
  const ticks: number[] = [];
  for (let tick = low; tick <= high * 1.001; tick *= 10) ticks.push(tick);
  const parts = [
    ...ticks.flatMap((tick) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${fixed(atY(tick))}" y2="${fixed(atY(tick))}" stroke="#ddd"/>`,
      `<text x="${LEFT - 8}" y="${fixed(atY(tick) + 4)}" text-anchor="end">${tick.toLocaleString('en')}</text>`,
    ]),
    ...xs.map((x) => `<text x="${fixed(atX(x))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${x}</text>`),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${xName}</text>`,
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${yName}</text>`,
    ...series.flatMap(({ name, points }, index) => {
      const color = COLORS[index % COLORS.length];
      const line = points.map(({ x, y }) => `${fixed(atX(x))},${fixed(atY(y))}`).join(' ');
      return [
        `<polyline points="${line}" fill="none" stroke="${color}" stroke-width="2"/>`,
        ...points.map(({ x, y }) => `<circle cx="${fixed(atX(x))}" cy="${fixed(atY(y))}" r="3" fill="${color}"/>`),
        `<text x="${WIDTH - RIGHT + 12}" y="${TOP + 12 + 18 * index}" fill="${color}">${name}</text>`,
      ];
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="#fff"/>\n${parts.join('\n')}\n</svg>\n`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}
