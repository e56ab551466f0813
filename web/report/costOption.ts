import type { EChartsOption } from 'echarts';
import type { CostChart } from '../../src/report/adaptCharts.ts';
import { formatUsd } from '../../src/report/format.ts';
import { escapeHtml, legendHeight, legendStyle, PLOT, tooltipStyle, valueAxis } from './axes.ts';
import type { Theme } from './theme.ts';

const ESTIMATE = 'sum of estimates';
/** Where there is no room beside the bars, names stand above them. */
const NARROW_PX = 640;

export function costHeightPx({ rows }: CostChart): number {
  return 96 + 52 * rows.length;
}

/** A bar a row, split by what the dollars are spent on; a diamond where they were estimated to end. */
export function costOption(chart: CostChart, theme: Theme, widthPx: number): EChartsOption {
  const rows = [...chart.rows].reverse();
  const names = [...new Set(chart.rows.flatMap(({ parts }) => parts.map(({ name }) => name)))];
  const hasEstimate = rows.some(({ estimatedUsd }) => estimatedUsd !== null);
  const totals = rows.map(({ parts }) => parts.reduce((sum, { usd }) => sum + usd, 0));
  const legend = [...names, ...(hasEstimate ? [ESTIMATE] : [])];
  const isNarrow = widthPx < NARROW_PX;
  return {
    grid: { ...PLOT, top: legendHeight(legend, widthPx) },
    legend: legendStyle(theme),
    tooltip: {
      ...tooltipStyle(theme),
      formatter: (params) => {
        const { seriesName, value, name } = params as unknown as {
          seriesName: string;
          value: number | [number, number];
          name: string;
        };
        const usd = Array.isArray(value) ? value[0] : value;
        return `${escapeHtml(name)}<br><b>${escapeHtml(seriesName)}</b>: ${formatUsd(usd)}`;
      },
    },
    xAxis: {
      ...valueAxis('', [], theme),
      // Room for what is said beside the longest bar.
      max: Math.max(...totals, ...rows.map(({ estimatedUsd }) => estimatedUsd ?? 0)) * (isNarrow ? 1.02 : 1.45),
      axisLabel: {
        color: theme.muted,
        formatter: (usd: number) => formatUsd(usd),
        hideOverlap: true,
        showMaxLabel: false,
      },
    },
    yAxis: {
      type: 'category',
      data: rows.map(({ label }) => label),
      axisLabel: { color: theme.text, width: isNarrow ? 110 : 300, overflow: 'break', lineHeight: 15 },
      axisLine: { lineStyle: { color: theme.muted } },
      axisTick: { show: false },
    },
    series: [
      ...names.map((name, index) => ({
        name,
        type: 'bar' as const,
        stack: 'usd',
        barMaxWidth: 30,
        data: rows.map(({ parts }) => parts.find((part) => part.name === name)?.usd ?? 0),
        color: theme.series[index % theme.series.length],
        itemStyle: { borderColor: theme.surface, borderWidth: 0.5 },
      })),
      ...(isNarrow ? [] : [remarks(chart, theme, totals)]),
      ...(hasEstimate
        ? [
            {
              name: ESTIMATE,
              type: 'scatter' as const,
              data: rows.flatMap(({ estimatedUsd, label }) =>
                estimatedUsd === null ? [] : [{ value: [estimatedUsd, label] }],
              ),
              symbol: 'diamond',
              symbolSize: 15,
              z: 10,
              color: theme.text,
              itemStyle: { borderColor: theme.surface, borderWidth: 1.5 },
            },
          ]
        : []),
    ],
  };
}

/** An empty bar at the end of the others that carries the words. */
function remarks({ rows }: CostChart, theme: Theme, totals: readonly number[]) {
  const reversed = [...rows].reverse();
  return {
    type: 'bar' as const,
    stack: 'usd',
    silent: true,
    data: reversed.map(({ remark, isBad }, index) => ({
      value: totals[index] * 1e-9,
      label: {
        show: true,
        position: 'right' as const,
        distance: 14,
        formatter: remark,
        color: isBad ? theme.bad : theme.text,
      },
    })),
  };
}
