import type { EChartsOption } from 'echarts';
import type { CdfChart } from '../../src/report/chartData.ts';
import { formatMs, formatPercent } from '../../src/report/format.ts';
import { PLOT, tooltipStyle, valueAxis } from './axes.ts';
import type { Theme } from './theme.ts';

/** Share of requests at or below a latency, with the SLO's bounds across. */
export function cdfOption(chart: CdfChart, theme: Theme): EChartsOption {
  const xs = [...chart.ms, ...chart.bounds.map(({ ms }) => ms)];
  return {
    grid: { ...PLOT, top: 30 },
    tooltip: {
      ...tooltipStyle(theme),
      trigger: 'axis',
      formatter: (params) => {
        const [ms, share] = (params as unknown as { value: [number, number] }[])[0].value;
        return `${formatPercent(share)} within ${formatMs(ms)}`;
      },
    },
    xAxis: {
      ...valueAxis(chart.name, xs, theme),
      nameGap: 28,
      splitNumber: 4,
      ...(chart.bounds.length === 0 ? {} : { max: (extent: { max: number }) => Math.max(extent.max, ...xs) * 1.04 }),
      axisLabel: {
        color: theme.muted,
        formatter: (ms: number) => formatMs(ms),
        hideOverlap: true,
        // The bound's end of the axis is no round figure.
        ...(chart.bounds.length === 0 ? {} : { showMaxLabel: false }),
      },
    },
    yAxis: {
      ...valueAxis('', [], theme),
      min: 0,
      max: 1,
      axisLabel: { color: theme.muted, formatter: (share: number) => `${Math.round(share * 100)} %` },
    },
    series: [
      {
        name: chart.name,
        type: 'line',
        data: chart.ms.map((ms, index) => [ms, chart.share[index]]),
        step: 'end',
        showSymbol: false,
        color: theme.series[0],
        lineStyle: { width: 2.5 },
        markLine: {
          symbol: 'none',
          silent: true,
          data: chart.bounds.map(({ ms, statistic }) => ({
            xAxis: ms,
            lineStyle: { color: theme.bad, type: 'dashed' as const, width: 1.5 },
            label: { show: true, formatter: `SLO ${statistic}`, color: theme.bad, position: 'end' as const },
          })),
        },
      },
    ],
  };
}
