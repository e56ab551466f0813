import { formatNumber } from '../../src/report/format.ts';
import type { Theme } from './theme.ts';

/** Space for axis names and legends around a plot. */
export const PLOT = {
  left: 8,
  right: 24,
  top: 44,
  bottom: 8,
  outerBoundsMode: 'same',
  outerBoundsContain: 'all',
} as const;

/** A value axis with its name in the middle; logarithmic when all values are positive and span more than `logSpan`. */
export function valueAxis(name: string, values: readonly number[], theme: Theme, logSpan = 30) {
  const min = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const max = values.reduce((most, value) => Math.max(most, value), 0);
  const logarithmic = min > 0 && max / min > logSpan;
  return {
    type: logarithmic ? ('log' as const) : ('value' as const),
    name: logarithmic ? `${name}, log scale` : name,
    nameLocation: 'middle' as const,
    nameTextStyle: { color: theme.muted },
    ...(logarithmic ? { min: roundDown(min), max: roundUp(max) } : {}),
    axisLabel: { color: theme.muted, formatter: formatNumber, hideOverlap: true },
    axisLine: { lineStyle: { color: theme.muted } },
    splitLine: { lineStyle: { color: theme.grid } },
  };
}

/** One significant digit. */
function roundDown(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((Math.floor(value / power) * power).toPrecision(1));
}

function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return Number((Math.ceil(value / power) * power).toPrecision(2));
}

export function tooltipStyle(theme: Theme) {
  return {
    backgroundColor: theme.surface,
    borderColor: theme.grid,
    textStyle: { color: theme.text },
    confine: true,
  };
}

/** Space at the top for a legend of these names, which wraps, in a box this wide. */
export function legendHeight(names: readonly string[], widthPx: number): number {
  const ICON_AND_GAP_PX = 46;
  const CHARACTER_PX = 6.8;
  let rows = 1;
  let leftPx = 8;
  for (const name of names) {
    const entryPx = ICON_AND_GAP_PX + CHARACTER_PX * name.length;
    if (leftPx + entryPx > widthPx && leftPx > 8) {
      rows += 1;
      leftPx = 8;
    }
    leftPx += entryPx;
  }
  return 10 + 30 * rows;
}

export function legendStyle(theme: Theme) {
  return { top: 4, left: 8, itemGap: 16, textStyle: { color: theme.text } };
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text from the data, safe in a tooltip's HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character]);
}
