import type { EChartsOption } from 'echarts';
import type { ScalingChart } from '../../src/report/chartData.ts';
import { formatMs, formatNumber, formatPercent } from '../../src/report/format.ts';
import { legendHeight, legendStyle, tooltipStyle, valueAxis } from './axes.ts';
import { clockAxis } from './clockAxis.ts';
import type { Theme } from './theme.ts';

const LOAD = 'requests/s';
const GOOD = 'within every bound';

export const SCALING_HEIGHT_PX = 480;

/** Replicas above, load in the middle, attainment below, on one clock. */
export function scalingOption(chart: ScalingChart, theme: Theme, widthPx: number): EChartsOption {
  const names = chart.pools.flatMap(({ name }) => [`${name} ready`, `${name} held`]);
  const legendPx = legendHeight([...names, LOAD, GOOD], widthPx);
  const time = (gridIndex: number, shown: boolean) => ({
    ...clockAxis(0, chart.endS, widthPx, shown, theme),
    gridIndex,
  });
  const line = { type: 'line' as const, showSymbol: false, lineStyle: { width: 1.8 } };
  /** Up to the end of the run. */
  const steps = (seconds: readonly number[], values: readonly number[]) => [
    ...values.map((value, index) => [seconds[index], value]),
    [chart.endS, values[values.length - 1]],
  ];
  const colorOf = (index: number): string => theme.series[index % theme.series.length];
  return {
    legend: legendStyle(theme),
    grid: [
      { left: 72, right: 24, top: legendPx, height: '36%' },
      { left: 72, right: 24, top: legendPx + SCALING_HEIGHT_PX * 0.42, height: '16%' },
      { left: 72, right: 24, bottom: 30, height: '16%' },
    ],
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    tooltip: {
      ...tooltipStyle(theme),
      trigger: 'axis',
      formatter: (params) => {
        const items = params as unknown as { seriesName: string; value: [number, number | null] }[];
        const rows = items.map(({ seriesName, value: [, value] }) => {
          if (value === null) return `${seriesName}: -`;
          return `${seriesName}: ${seriesName === GOOD ? formatPercent(value) : formatNumber(value)}`;
        });
        return [`<b>${formatMs(items[0].value[0] * 1000)}</b>`, ...rows].join('<br>');
      },
    },
    xAxis: [time(0, false), time(1, false), time(2, true)],
    yAxis: [
      { ...valueAxis('replicas', [], theme), gridIndex: 0, nameGap: 48, min: 0, minInterval: 1 },
      { ...valueAxis('requests/s', [], theme), gridIndex: 1, nameGap: 48, min: 0, splitNumber: 2 },
      {
        ...valueAxis('good', [], theme),
        gridIndex: 2,
        nameGap: 48,
        min: 0,
        max: 1,
        splitNumber: 2,
        axisLabel: { color: theme.muted, formatter: (share: number) => `${Math.round(share * 100)} %` },
      },
    ],
    series: [
      ...chart.pools.flatMap(({ name, seconds, ready, held }, index) => [
        {
          ...line,
          name: `${name} held`,
          step: 'end' as const,
          data: steps(seconds, held),
          color: colorOf(2 * index + 1),
          lineStyle: { width: 1.2, type: 'dashed' as const },
          xAxisIndex: 0,
          yAxisIndex: 0,
        },
        {
          ...line,
          name: `${name} ready`,
          step: 'end' as const,
          data: steps(seconds, ready),
          color: colorOf(2 * index),
          xAxisIndex: 0,
          yAxisIndex: 0,
        },
      ]),
      {
        ...line,
        name: LOAD,
        data: chart.windows.map(({ second, perS }) => [second, perS]),
        color: colorOf(2),
        areaStyle: { opacity: 0.2 },
        xAxisIndex: 1,
        yAxisIndex: 1,
      },
      {
        ...line,
        name: GOOD,
        data: chart.windows.map(({ second, attained }) => [second, attained]),
        color: colorOf(3),
        xAxisIndex: 2,
        yAxisIndex: 2,
      },
    ],
  };
}
