import type { EChartsOption } from 'echarts';
import type { StateName } from '../../src/engine/requestLog.ts';
import type { AttributionChart } from '../../src/report/chartData.ts';
import { formatMs, formatPercent } from '../../src/report/format.ts';
import { escapeHtml, legendHeight, legendStyle, PLOT, tooltipStyle, valueAxis } from './axes.ts';
import type { Theme } from './theme.ts';

type InWords<Name extends string> = Name extends `${infer First}_${infer Rest}` ? `${First} ${InWords<Rest>}` : Name;

/** A state keeps its colour in every chart: waiting warm, prefill blue, decode green, moving and losing KV purple and red. */
const STATE_COLORS: Readonly<Record<InWords<StateName>, string>> = {
  'front end': '#a67c00',
  'router queue': '#e69f00',
  'admission queue': '#f0c04a',
  prefill: '#0072b2',
  'prefill interference': '#7fb8dc',
  transfer: '#8e6bb8',
  onboarding: '#bfa3dc',
  decode: '#009e73',
  'decode interference': '#86d1b8',
  preemption: '#d55e00',
  'cold start': '#8c8c8c',
  retry: '#a14432',
};

/** Mean and p99 side by side, each split by state. */
export function attributionOption(chart: AttributionChart, theme: Theme, widthPx: number): EChartsOption {
  const states = (Object.keys(STATE_COLORS) as InWords<StateName>[]).filter((state) =>
    chart.groups.some(({ parts }) => parts.some((part) => part.state === state)),
  );
  const groups = [...chart.groups].reverse();
  const totals = groups.map(({ parts }) => parts.reduce((sum, { ms }) => sum + ms, 0));
  return {
    grid: { ...PLOT, top: legendHeight(states, widthPx) },
    legend: legendStyle(theme),
    tooltip: {
      ...tooltipStyle(theme),
      formatter: (params) => {
        const { seriesName, value, dataIndex, name } = params as unknown as {
          seriesName: string;
          value: number;
          dataIndex: number;
          name: string;
        };
        return `${escapeHtml(name)}<br><b>${escapeHtml(seriesName)}</b>: ${formatMs(value)} (${formatPercent(value / totals[dataIndex])})`;
      },
    },
    xAxis: {
      ...valueAxis('', [], theme),
      axisLabel: { color: theme.muted, formatter: (ms: number) => formatMs(ms), hideOverlap: true },
    },
    yAxis: {
      type: 'category',
      data: groups.map(({ label }) => label),
      axisLabel: { color: theme.text },
      axisLine: { lineStyle: { color: theme.muted } },
      axisTick: { show: false },
    },
    series: states.map((state) => ({
      name: state,
      type: 'bar' as const,
      stack: 'time',
      barMaxWidth: 44,
      data: groups.map(({ parts }) => parts.find((part) => part.state === state)?.ms ?? 0),
      itemStyle: { color: STATE_COLORS[state], borderColor: theme.surface, borderWidth: 0.5 },
    })),
  };
}
