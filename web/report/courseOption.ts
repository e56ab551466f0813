import type { EChartsOption } from 'echarts';
import type { CourseChart } from '../../src/report/adaptCharts.ts';
import { formatMs, formatNumber, formatPercent } from '../../src/report/format.ts';
import { escapeHtml, legendHeight, legendStyle, tooltipStyle, valueAxis } from './axes.ts';
import { clockAxis } from './clockAxis.ts';
import type { Theme } from './theme.ts';

const LOAD = 'requests/s';
const PROMPT = 'prompt tokens';
const LEFT_PX = 124;
const RIGHT_PX = 64;
const ROW_PX = 34;
const PLOT_PX = 140;
const GAP_PX = 26;

/** Legend, a row for each contender, and three plots. */
export function courseHeightPx({ contenders }: CourseChart): number {
  return 54 + ROW_PX * contenders.length + 3 * (PLOT_PX + GAP_PX) + 30;
}

/** What is due when, GPUs held, load and attainment, one below the other on one clock. */
export function courseOption(chart: CourseChart, theme: Theme, widthPx: number): EChartsOption {
  const { contenders, windows, fromS, borderS, endS } = chart;
  const colorOf = (index: number): string => theme.series[index % theme.series.length];
  const loadColors = [theme.faint, theme.muted];
  const legendPx = legendHeight([...contenders.map(({ name }) => name), LOAD, PROMPT], widthPx) + 14;
  const rowsPx = ROW_PX * contenders.length;
  const topOf = (plot: number): number => legendPx + rowsPx + GAP_PX + plot * (PLOT_PX + GAP_PX);
  const grids = [
    { top: legendPx, height: rowsPx },
    ...[0, 1, 2].map((plot) => ({ top: topOf(plot), height: PLOT_PX })),
  ].map((grid) => ({ ...grid, left: LEFT_PX, right: RIGHT_PX }));
  const time = (gridIndex: number) => ({
    ...clockAxis(fromS, endS, widthPx - LEFT_PX - RIGHT_PX, gridIndex === 3, theme),
    gridIndex,
    axisPointer: { show: gridIndex > 0 },
  });
  const line = { type: 'line' as const, showSymbol: false };
  /** The rows' axis runs downwards, so that a line begins at the top. */
  const border = (label: string) => ({
    silent: true,
    symbol: 'none',
    lineStyle: { color: theme.muted, type: 'dashed' as const, width: 1.2 },
    label: { show: label !== '', formatter: label, color: theme.muted, position: 'start' as const },
    data: [{ xAxis: borderS }],
  });
  const byWindow = (values: readonly (number | null)[]) => [
    ...windows.map(({ fromS: second }, index) => [second, values[index]]),
    [endS, values[windows.length - 1]],
  ];
  return {
    legend: legendStyle(theme),
    grid: grids,
    axisPointer: { link: [{ xAxisIndex: [1, 2, 3] }] },
    tooltip: {
      ...tooltipStyle(theme),
      trigger: 'axis',
      formatter: (params) => {
        const items = params as unknown as { seriesName: string; axisIndex: number; value: [number, number | null] }[];
        const rows = items.map(({ seriesName, axisIndex, value: [, value] }) => {
          const shown = value !== null && axisIndex === 3 ? formatPercent(value) : formatNumber(value);
          return `${escapeHtml(seriesName)}: ${shown}${axisIndex === 1 ? ' GPUs' : ''}`;
        });
        return [`<b>${formatMs(items[0].value[0] * 1000)}</b>`, ...rows].join('<br>');
      },
    },
    xAxis: [0, 1, 2, 3].map(time),
    yAxis: [
      {
        type: 'category',
        gridIndex: 0,
        inverse: true,
        data: contenders.map(({ name }) => name),
        axisLabel: { color: theme.text, width: LEFT_PX - 16, overflow: 'break' },
        axisLine: { show: false },
        axisTick: { show: false },
      },
      { ...valueAxis('GPUs held', [], theme), gridIndex: 1, nameGap: 52, min: 0, minInterval: 1 },
      { ...valueAxis(LOAD, [], theme), gridIndex: 2, nameGap: 52, min: 0, splitNumber: 3 },
      {
        ...valueAxis('good', [], theme),
        gridIndex: 3,
        nameGap: 52,
        max: 1,
        scale: true,
        splitNumber: 3,
        axisLabel: { color: theme.muted, formatter: (share: number) => formatPercent(share) },
      },
      {
        ...valueAxis(PROMPT, [], theme),
        gridIndex: 2,
        position: 'right',
        nameGap: 50,
        min: 0,
        splitNumber: 3,
        splitLine: { show: false },
      },
    ],
    series: [
      ...contenders.map(({ name, spans }, row) => ({
        name,
        type: 'custom' as const,
        xAxisIndex: 0,
        yAxisIndex: 0,
        color: colorOf(row),
        tooltip: { trigger: 'item' as const },
        encode: { x: [0, 1], y: 2 },
        data: spans.map((span) => [span.fromS, span.toS, row]),
        renderItem: bars(spans, colorOf(row), theme) as never,
        markLine: border(row === 0 ? 'chosen before, scored after' : ''),
      })),
      ...contenders.map(({ name, gpus }, index) => ({
        ...line,
        name,
        step: 'end' as const,
        data: [...gpus, [endS, gpus[gpus.length - 1][1]]] as [number, number][],
        color: colorOf(index),
        lineStyle: lineStyle(index),
        xAxisIndex: 1,
        yAxisIndex: 1,
        ...(index === 0 ? { markLine: border('') } : {}),
      })),
      {
        ...line,
        name: LOAD,
        step: 'end' as const,
        data: byWindow(windows.map(({ perS }) => perS)) as [number, number][],
        color: loadColors[0],
        lineStyle: { width: 1.5 },
        areaStyle: { opacity: 0.35 },
        xAxisIndex: 2,
        yAxisIndex: 2,
        markLine: border(''),
      },
      {
        ...line,
        name: PROMPT,
        step: 'end' as const,
        data: byWindow(windows.map(({ inputTokens }) => inputTokens)) as [number, number][],
        color: loadColors[1],
        lineStyle: { width: 1.5, type: 'dotted' as const },
        xAxisIndex: 2,
        yAxisIndex: 4,
      },
      ...contenders.map(({ name, attained }, index) => ({
        ...line,
        name,
        step: 'end' as const,
        data: byWindow(attained) as [number, number | null][],
        color: colorOf(index),
        lineStyle: lineStyle(index),
        xAxisIndex: 3,
        yAxisIndex: 3,
        ...(index === 0 ? { markLine: border('') } : {}),
      })),
    ],
  };
}

/** The first stands out; the last, which knows what it could not, is dotted. */
function lineStyle(index: number) {
  if (index === 0) return { width: 2.6 };
  return index === 3 ? { width: 1.8, type: 'dotted' as const } : { width: 1.4, opacity: 0.85 };
}

interface RenderApi {
  value(dimension: number): number;
  coord(point: readonly [number, number]): [number, number];
}

/** A box from each span's beginning to its end with its deployment in it, as far as there is room. */
function bars(spans: CourseChart['contenders'][number]['spans'], color: string, theme: Theme) {
  return ({ dataIndex }: { dataIndex: number }, api: RenderApi) => {
    const row = api.value(2);
    const [left, middle] = api.coord([api.value(0), row]);
    const [right] = api.coord([api.value(1), row]);
    const height = ROW_PX - 10;
    return {
      type: 'group',
      children: [
        {
          type: 'rect',
          shape: { x: left + 1, y: middle - height / 2, width: Math.max(1, right - left - 2), height, r: 3 },
          style: { fill: color, opacity: 0.22, stroke: color, lineWidth: 1 },
        },
        {
          type: 'text',
          style: {
            x: left + 8,
            y: middle,
            text: right - left < 50 ? '' : spans[dataIndex].deployment,
            fill: theme.text,
            fontSize: 12,
            verticalAlign: 'middle',
            width: Math.max(0, right - left - 14),
            overflow: 'truncate',
          },
        },
      ],
    };
  };
}
