import { didYouMean } from '../base/closest.ts';
import { InputError, type InputIssue } from '../base/inputError.ts';
import { isRecord } from './configReader.ts';
import type { HardwareFacts, Sourced } from './hardware.ts';

type FigureField = {
  [K in keyof HardwareFacts]: HardwareFacts[K] extends Sourced<number> | null ? K : never;
}[keyof HardwareFacts];

interface Figure {
  readonly field: FigureField;
  /** May be null: a GPU without such a unit or link. */
  readonly nullable: boolean;
  /** 0 is a sensible figure (a price). */
  readonly zeroAllowed: boolean;
  readonly whole: boolean;
}

const POSITIVE = { nullable: false, zeroAllowed: false, whole: false } as const;
const POSITIVE_OR_NULL = { ...POSITIVE, nullable: true } as const;

/** Figures of a hardware file by their key there. The catalog's own files and a user's have the same keys. */
const FIGURES: Readonly<Record<string, Figure>> = {
  tflops_bf16: { field: 'tflopsBf16', ...POSITIVE },
  tflops_fp8: { field: 'tflopsFp8', ...POSITIVE_OR_NULL },
  tflops_int8: { field: 'tflopsInt8', ...POSITIVE_OR_NULL },
  tflops_fp4: { field: 'tflopsFp4', ...POSITIVE_OR_NULL },
  memory_mib: { field: 'memoryMib', ...POSITIVE },
  memory_bandwidth_tb_per_s: { field: 'memoryBandwidthTBps', ...POSITIVE },
  scale_up_gb_per_s: { field: 'scaleUpGBps', ...POSITIVE_OR_NULL },
  scale_up_domain: { field: 'scaleUpDomain', ...POSITIVE, whole: true },
  pcie_gb_per_s: { field: 'pcieGBps', ...POSITIVE },
  network_gb_per_s: { field: 'networkGBps', ...POSITIVE },
  tdp_watts: { field: 'tdpWatts', ...POSITIVE },
  idle_watts: { field: 'idleWatts', ...POSITIVE, zeroAllowed: true },
  usd_per_gpu_hour: { field: 'usdPerGpuHour', ...POSITIVE, zeroAllowed: true },
};

const TEXT_KEYS = ['id', 'name', 'price_date'];
const KEYS = [...TEXT_KEYS, ...Object.keys(FIGURES)];

/**
 * A GPU from an already parsed hardware file. Every figure is required, as a plain number (its source is then the file
 * itself) or as `{value, source, sourced}`; null says the GPU lacks that unit or link. `name` defaults to `id`.
 * Rates are dense TFLOP/s, links GB/s per direction and GPU, memory MiB.
 * @throws InputError with one issue for each missing, unknown or invalid field.
 */
export function hardwareFromUserFile(value: unknown, file: string): HardwareFacts {
  if (!isRecord(value)) throw new InputError({ file, message: 'a hardware file holds one object', hint: EXAMPLE_HINT });
  const issues: InputIssue[] = [];
  const report = (path: string, message: string, hint?: string) =>
    issues.push({ file, path, message, ...(hint === undefined ? {} : { hint }) });

  for (const key of Object.keys(value)) {
    if (!KEYS.includes(key)) report(key, 'unknown field', didYouMean(key, KEYS) ?? `known: ${KEYS.join(', ')}`);
  }
  const id = readText(value, 'id', report) ?? '';
  if (value.id === undefined) report('id', 'is missing');
  const figures: Partial<Record<FigureField, Sourced<number> | null>> = {};
  for (const [key, figure] of Object.entries(FIGURES)) {
    figures[figure.field] = readFigure(value, key, figure, file, report);
  }
  checkTogether(figures, report);
  if (issues.length > 0) throw new InputError(issues);
  const name = readText(value, 'name', report) ?? id;
  return { id, name, ...(figures as HardwareFigures), priceDate: readText(value, 'price_date', report) ?? 'undated' };
}

type HardwareFigures = Pick<HardwareFacts, FigureField>;
type Report = (path: string, message: string, hint?: string) => void;

const EXAMPLE_HINT = 'start from the output of `dynosim catalog show h200_sxm`';

function readText(file: Record<string, unknown>, key: string, report: Report): string | undefined {
  const value = file[key];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  report(key, `must be a text, got ${JSON.stringify(value)}`);
  return undefined;
}

function readFigure(
  fields: Record<string, unknown>,
  key: string,
  figure: Figure,
  file: string,
  report: Report,
): Sourced<number> | null {
  const cell = fields[key];
  if (cell === undefined) {
    report(key, 'is missing', figure.nullable ? 'write null when the GPU has none' : EXAMPLE_HINT);
    return null;
  }
  if (cell === null) {
    if (!figure.nullable) report(key, 'must be a number, got null');
    return null;
  }
  if (!isRecord(cell)) return { value: readNumber(cell, key, figure, report), source: file, sourced: true };
  return readCell(cell, key, figure, file, report);
}

const CELL_KEYS = ['value', 'source', 'sourced'];

function readCell(
  cell: Record<string, unknown>,
  key: string,
  figure: Figure,
  file: string,
  report: Report,
): Sourced<number> {
  for (const part of Object.keys(cell)) {
    if (!CELL_KEYS.includes(part)) report(`${key}.${part}`, 'unknown field', `known: ${CELL_KEYS.join(', ')}`);
  }
  const { source = file, sourced = true } = cell;
  if (typeof source !== 'string') report(`${key}.source`, `must be a text, got ${JSON.stringify(source)}`);
  if (typeof sourced !== 'boolean') report(`${key}.sourced`, `must be true or false, got ${JSON.stringify(sourced)}`);
  return {
    value: readNumber(cell.value, `${key}.value`, figure, report),
    source: String(source),
    sourced: sourced === true,
  };
}

function readNumber(value: unknown, path: string, figure: Figure, report: Report): number {
  if (value === undefined) {
    report(path, 'is missing');
  } else if (typeof value !== 'number' || !Number.isFinite(value)) {
    report(path, `must be a number, got ${typeof value === 'number' ? value : JSON.stringify(value)}`);
  } else if (figure.zeroAllowed ? value < 0 : value <= 0) {
    report(path, `must be ${figure.zeroAllowed ? 'at least' : 'greater than'} 0, got ${value}`);
  } else if (figure.whole && !Number.isInteger(value)) {
    report(path, `must be a whole number, got ${value}`);
  } else {
    return value;
  }
  return Number.NaN;
}

/** What single fields cannot tell: a domain of several GPUs needs its link, and idling takes less than full load. */
function checkTogether(figures: Partial<Record<FigureField, Sourced<number> | null>>, report: Report): void {
  const domain = figures.scaleUpDomain?.value ?? 1;
  if (figures.scaleUpGBps === null && domain > 1) {
    report('scale_up_domain', `must be 1 when scale_up_gb_per_s is null, got ${domain}`);
  }
  const idle = figures.idleWatts?.value ?? 0;
  const tdp = figures.tdpWatts?.value ?? Number.POSITIVE_INFINITY;
  if (idle > tdp) report('idle_watts', `must be at most tdp_watts (${tdp}), got ${idle}`);
}

/** A GPU as the plain object a hardware file holds: `hardwareFromUserFile` reads it back unchanged. */
export function hardwareToFile(hardware: HardwareFacts): Record<string, unknown> {
  const figures = Object.entries(FIGURES).map(([key, { field }]) => [key, hardware[field]]);
  return {
    id: hardware.id,
    name: hardware.name,
    ...Object.fromEntries(figures),
    price_date: hardware.priceDate,
  };
}
