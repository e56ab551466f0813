import { InputError } from '../base/inputError.ts';
import { NS_PER_MS } from '../base/units.ts';
import type { StepTimer } from './stepTimer.ts';
import { UNMODELLED_BOUND } from './userTiming.ts';
import { wholeNs } from './wholeNs.ts';

export interface PrefillPoint {
  /** New tokens in a pass without decodes. */
  readonly tokens: number;
  readonly ms: number;
}

export interface DecodePoint {
  readonly sequences: number;
  /** Mean tokens a sequence attends to. */
  readonly context: number;
  readonly ms: number;
}

export interface TableTiming {
  readonly prefill: readonly PrefillPoint[];
  /** A full grid: every number of sequences with every context. */
  readonly decode: readonly DecodePoint[];
  readonly window?: number;
}

/**
 * Measured pass times, interpolated: linear in new tokens for prefill, bilinear in (sequences, mean context) for decode.
 * Outside the measured range the nearest segment is continued, never below the time at its first point (so times do not
 * fall towards zero); one point alone is a constant. A mixed pass takes the decode time plus what the prefill tokens add
 * over the first prefill point's fixed part (its segment continued to 0 tokens). Throws InputError on a table with no
 * points, repeated or incomplete ones, times that are not positive or fall as work grows.
 */
export function tableTimer(timing: TableTiming): StepTimer {
  const prefill = prefillCurve(timing.prefill);
  const grid = decodeGrid(timing.decode);
  // What a pass costs before its first prefill token: shared with the decodes in a mixed pass.
  const startNs = Math.max(0, lineAt(prefill.tokens, prefill.ns, 0));
  const decodeNs = (sequences: number, contextTokens: number) =>
    wholeNs(gridAt(grid, sequences, contextTokens / sequences));
  return {
    window: timing.window ?? 0,
    decodeNs,
    passNs: (shape) => {
      if (shape.chunks === 0) return decodeNs(shape.decodes, shape.decodeContext);
      const prefillNs = clampedLineAt(prefill.tokens, prefill.ns, shape.chunkTokens);
      if (shape.decodes === 0) return wholeNs(prefillNs);
      const decodes = gridAt(grid, shape.decodes, shape.decodeContext / shape.decodes);
      return wholeNs(decodes + Math.max(0, prefillNs - startNs));
    },
    boundOf: () => UNMODELLED_BOUND,
  };
}

interface PrefillCurve {
  readonly tokens: readonly number[];
  readonly ns: readonly number[];
}

interface DecodeGrid {
  readonly sequences: readonly number[];
  readonly contexts: readonly number[];
  /** Rows by sequences, columns by context. */
  readonly ns: readonly (readonly number[])[];
}

function prefillCurve(points: readonly PrefillPoint[]): PrefillCurve {
  if (points.length === 0) refuse('prefill', 'needs at least one point');
  const sorted = [...points].sort((a, b) => a.tokens - b.tokens);
  const tokens = sorted.map((point) => point.tokens);
  const ns = sorted.map((point) => point.ms * NS_PER_MS);
  for (const [index, count] of tokens.entries()) {
    requireUsable('prefill', count, ns[index]);
    if (index > 0 && count === tokens[index - 1]) refuse('prefill', `has two points at ${count} tokens`);
    if (index > 0 && ns[index] < ns[index - 1])
      refuse('prefill', `gets faster from ${tokens[index - 1]} to ${count} tokens`);
  }
  return { tokens, ns };
}

function decodeGrid(points: readonly DecodePoint[]): DecodeGrid {
  if (points.length === 0) refuse('decode', 'needs at least one point');
  const sequences = distinct(points.map((point) => point.sequences));
  const contexts = distinct(points.map((point) => point.context));
  const byPlace = new Map<string, number>();
  for (const point of points) {
    requireUsable('decode', point.sequences, point.ms);
    requireUsable('decode', point.context, point.ms);
    const place = `${point.sequences} sequences at context ${point.context}`;
    if (byPlace.has(place)) refuse('decode', `has two points for ${place}`);
    byPlace.set(place, point.ms * NS_PER_MS);
  }
  const ns = sequences.map((count) =>
    contexts.map((context) => {
      const place = `${count} sequences at context ${context}`;
      return byPlace.get(place) ?? refuse('decode', `must be a full grid: there is no point for ${place}`);
    }),
  );
  requireRising(sequences, contexts, ns);
  return { sequences, contexts, ns };
}

function requireRising(
  sequences: readonly number[],
  contexts: readonly number[],
  ns: readonly (readonly number[])[],
): void {
  for (const [row, count] of sequences.entries()) {
    for (const [column, context] of contexts.entries()) {
      const faster =
        (row > 0 && ns[row][column] < ns[row - 1][column]) || (column > 0 && ns[row][column] < ns[row][column - 1]);
      if (faster) refuse('decode', `gets faster as work grows to ${count} sequences at context ${context}`);
    }
  }
}

function requireUsable(path: string, at: number, ms: number): void {
  if (!(at > 0 && Number.isFinite(at))) refuse(path, `points must lie above 0, got ${at}`);
  if (!(ms > 0 && Number.isFinite(ms))) refuse(path, `times must be greater than 0, got ${ms} at ${at}`);
}

function refuse(path: string, message: string): never {
  throw new InputError({ path: `timing.${path}`, message });
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** Index of the segment that holds `at`, or the nearest one; for at least two points. */
function segmentOf(points: readonly number[], at: number): number {
  let index = 0;
  while (index < points.length - 2 && at > points[index + 1]) index += 1;
  return index;
}

function lineAt(points: readonly number[], values: readonly number[], at: number): number {
  if (points.length === 1) return values[0];
  const index = segmentOf(points, at);
  const weight = (at - points[index]) / (points[index + 1] - points[index]);
  return values[index] + weight * (values[index + 1] - values[index]);
}

function clampedLineAt(points: readonly number[], values: readonly number[], at: number): number {
  return lineAt(points, values, Math.max(at, points[0]));
}

function gridAt(grid: DecodeGrid, sequences: number, context: number): number {
  const at = Math.max(context, grid.contexts[0]);
  if (grid.sequences.length === 1) return lineAt(grid.contexts, grid.ns[0], at);
  const count = Math.max(sequences, grid.sequences[0]);
  const row = segmentOf(grid.sequences, count);
  const low = lineAt(grid.contexts, grid.ns[row], at);
  const high = lineAt(grid.contexts, grid.ns[row + 1], at);
  const weight = (count - grid.sequences[row]) / (grid.sequences[row + 1] - grid.sequences[row]);
  // Continued past the last row, two rows may cross; more sequences never take less time.
  return low + weight * Math.max(0, high - low);
}
