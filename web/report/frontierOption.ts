import type { EChartsOption } from 'echarts';
import type { FrontierChart, FrontierMark } from '../../src/report/chartData.ts';
import { formatNumber } from '../../src/report/format.ts';
import { escapeHtml, legendHeight, legendStyle, PLOT, tooltipStyle, valueAxis } from './axes.ts';
import type { Theme } from './theme.ts';

/** All candidates as a cloud, the frontier as a line through it, the pick and the baseline named. */
export function frontierOption(chart: FrontierChart, theme: Theme, widthPx: number): EChartsOption {
  const { frontier, dominated, infeasible, pick, baseline } = chart;
  const marks = [...frontier, ...dominated, ...infeasible, ...(pick ? [pick] : []), ...(baseline ? [baseline] : [])];
  const named = (mark: FrontierMark, name: string, symbol: string, color: string) => ({
    name,
    type: 'scatter' as const,
    data: [pointOf(mark)],
    symbol,
    symbolSize: 20,
    z: 10,
    itemStyle: { color, borderColor: theme.surface, borderWidth: 2 },
    label: {
      show: true,
      formatter: `${name}: ${mark.label}`,
      position: sideOf(mark, marks),
      color: theme.text,
      fontWeight: 600,
      backgroundColor: theme.surface,
      padding: [2, 4],
      borderRadius: 3,
    },
    labelLayout: { moveOverlap: 'shiftY' as const, hideOverlap: false },
  });
  const series = [
    cloud('breaks a bound', infeasible, { color: 'transparent', borderColor: theme.faint, borderWidth: 1.5 }),
    cloud('dominated', dominated, { color: theme.faint }),
    {
      name: 'frontier',
      type: 'line' as const,
      data: frontier.map(pointOf),
      symbol: 'circle',
      symbolSize: 9,
      z: 5,
      color: theme.series[0],
      lineStyle: { width: 2 },
    },
    ...(baseline === null ? [] : [named(baseline, 'baseline', 'triangle', theme.series[1])]),
    ...(pick === null ? [] : [named(pick, 'pick', 'diamond', theme.good)]),
  ];
  return {
    // The pick's name stands above its mark.
    grid: {
      ...PLOT,
      top:
        legendHeight(
          series.map(({ name }) => name),
          widthPx,
        ) + 26,
    },
    legend: legendStyle(theme),
    tooltip: {
      ...tooltipStyle(theme),
      formatter: (params) => {
        const [x, y, label] = (params as unknown as { value: [number, number, string] }).value;
        return `<b>${escapeHtml(label)}</b><br>${escapeHtml(chart.xLabel)}: ${formatNumber(x)}<br>${escapeHtml(chart.yLabel)}: ${formatNumber(y)}`;
      },
    },
    xAxis: {
      ...valueAxis(
        chart.xLabel,
        marks.map(({ x }) => x),
        theme,
      ),
      nameGap: 30,
      scale: true,
    },
    yAxis: {
      ...valueAxis(
        chart.yLabel,
        marks.map(({ y }) => y),
        theme,
      ),
      nameGap: 52,
      scale: true,
    },
    series,
  };
}

/** Where a mark's name stands so that it stays inside the plot: beside marks near the left or right edge, else above. */
function sideOf({ x }: FrontierMark, marks: readonly FrontierMark[]): 'left' | 'right' | 'top' {
  const xs = marks.map((mark) => mark.x);
  const least = Math.min(...xs);
  const share = (x - least) / (Math.max(...xs) - least);
  if (share < 0.25) return 'right';
  return share > 0.75 ? 'left' : 'top';
}

function cloud(name: string, marks: readonly FrontierMark[], itemStyle: object) {
  return { name, type: 'scatter' as const, data: marks.map(pointOf), symbolSize: 7, itemStyle };
}

function pointOf({ x, y, label }: FrontierMark): [number, number, string] {
  return [x, y, label];
}
