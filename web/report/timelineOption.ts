import type { EChartsOption } from 'echarts';
import type { TimelineChart } from '../../src/report/chartData.ts';
import { formatMs, formatNumber, formatPercent } from '../../src/report/format.ts';
import { legendHeight, legendStyle, tooltipStyle, valueAxis } from './axes.ts';
import { clockAxis } from './clockAxis.ts';
import type { Theme } from './theme.ts';

const COUNTS = [
  ['in flight', 'inFlight'],
  ['running', 'running'],
  ['waiting', 'waiting'],
] as const;
const KV = 'KV cache used';

export const HEIGHT_PX = 420;

/** Requests above, KV use below, on one clock. */
export function timelineOption(chart: TimelineChart, theme: Theme, widthPx: number): EChartsOption {
  const legendPx = legendHeight([...COUNTS.map(([name]) => name), KV], widthPx);
  const at = (values: readonly number[]) => values.map((value, index) => [chart.seconds[index], value]);
  const time = (gridIndex: number, shown: boolean) => ({
    ...clockAxis(chart.seconds[0], chart.seconds[chart.seconds.length - 1], widthPx, shown, theme),
    gridIndex,
  });
  const line = { type: 'line' as const, showSymbol: false, lineStyle: { width: 1.8 } };
  return {
    legend: legendStyle(theme),
    grid: [
      { left: 72, right: 24, top: legendPx, height: `${Math.round(((HEIGHT_PX - legendPx) / HEIGHT_PX) * 53)}%` },
      { left: 72, right: 24, bottom: 30, height: '22%' },
    ],
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    tooltip: {
      ...tooltipStyle(theme),
      trigger: 'axis',
      formatter: (params) => {
        const items = params as unknown as { seriesName: string; value: [number, number] }[];
        const rows = items.map(({ seriesName, value }) =>
          seriesName === KV ? `${seriesName}: ${formatPercent(value[1])}` : `${seriesName}: ${formatNumber(value[1])}`,
        );
        return [`<b>${formatMs(items[0].value[0] * 1000)}</b>`, ...rows].join('<br>');
      },
    },
    xAxis: [time(0, false), time(1, true)],
    yAxis: [
      { ...valueAxis('requests', [], theme), gridIndex: 0, nameGap: 48 },
      {
        ...valueAxis('KV cache', [], theme),
        gridIndex: 1,
        nameGap: 48,
        min: 0,
        max: 1,
        splitNumber: 2,
        axisLabel: { color: theme.muted, formatter: (share: number) => `${Math.round(share * 100)} %` },
      },
    ],
    series: [
      ...COUNTS.map(([name, column], index) => ({
        ...line,
        name,
        data: at(chart[column]),
        color: theme.series[index],
        xAxisIndex: 0,
        yAxisIndex: 0,
      })),
      {
        ...line,
        name: KV,
        data: at(chart.kvUsage),
        color: theme.series[3],
        areaStyle: { opacity: 0.2 },
        xAxisIndex: 1,
        yAxisIndex: 1,
      },
    ],
  };
}
