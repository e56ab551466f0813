import type { EChartsOption } from 'echarts';
import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import {
  AriaComponent,
  AxisPointerComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useId, useRef } from 'preact/hooks';
import { currentTheme, darkScheme, type Theme } from './theme.ts';

echarts.use([
  BarChart,
  CustomChart,
  LineChart,
  ScatterChart,
  AriaComponent,
  AxisPointerComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
  SVGRenderer,
]);

interface ChartProps {
  /** The finding. */
  readonly title: string;
  readonly note?: string;
  readonly height: number;
  readonly option: (theme: Theme, widthPx: number) => EChartsOption;
}

/** A chart under its finding; redrawn when the colour scheme changes, resized with its box. */
export function Chart({ title, note, height, option }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const titleId = useId();
  useEffect(() => {
    const chart = echarts.init(box.current!, null, { renderer: 'svg' });
    const draw = () => {
      const theme = currentTheme();
      chart.setOption({ ...baseOption(title, theme), ...option(theme, chart.getWidth()) }, true);
    };
    draw();
    darkScheme.addEventListener('change', draw);
    const observer = new ResizeObserver(() => {
      const before = chart.getWidth();
      chart.resize();
      if (chart.getWidth() !== before) draw();
    });
    observer.observe(box.current!);
    return () => {
      observer.disconnect();
      darkScheme.removeEventListener('change', draw);
      chart.dispose();
    };
  }, []);
  return (
    <section class="card" aria-labelledby={titleId}>
      <h2 id={titleId}>{title}</h2>
      <div ref={box} role="img" aria-label={title} style={{ height: `${height}px` }} />
      {note !== undefined && note !== '' && <p class="note">{note}</p>}
    </section>
  );
}

function baseOption(title: string, theme: Theme): EChartsOption {
  return {
    animation: false,
    aria: { enabled: true, label: { description: title } },
    color: [...theme.series],
    textStyle: { color: theme.text, fontFamily: getComputedStyle(document.body).fontFamily },
  };
}
