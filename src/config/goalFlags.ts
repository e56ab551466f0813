/** Goals given as flags, as overrides of a recommend (or predict) file; without a file they are the whole input. */
import { InputError, type InputIssue } from '../base/inputError.ts';
import type { Override } from './inputDocument.ts';

/** Values as the command line has them. */
export interface GoalFlags {
  readonly model?: string | undefined;
  /** One GPU or several, with commas. */
  readonly gpu?: string | undefined;
  readonly maxGpus?: string | undefined;
  readonly maxUsdPerHour?: string | undefined;
  readonly trace?: string | undefined;
  readonly skipBadLines?: true | undefined;
  readonly preset?: string | undefined;
  readonly isl?: string | undefined;
  readonly osl?: string | undefined;
  /** One rate or a ladder of them, with commas. */
  readonly rps?: string | undefined;
  /** One concurrency or a ladder of them, with commas. */
  readonly concurrency?: string | undefined;
  readonly ttftP95?: string | undefined;
  readonly tpotP95?: string | undefined;
  readonly itlP95?: string | undefined;
  readonly e2eP95?: string | undefined;
  readonly minimize?: readonly string[] | undefined;
  readonly maximize?: readonly string[] | undefined;
  readonly seed?: string | undefined;
}

/**
 * The overrides that say what the flags say, to be laid over a file after its own values and before `--set`.
 * @throws InputError naming the flag, for numbers that are none and flags that exclude each other.
 */
export function goalOverrides(flags: GoalFlags): Override[] {
  const reader = new FlagReader();
  const overrides = [
    ...text('engine.model', flags.model, '--model'),
    ...gpuOverrides(flags.gpu),
    ...reader.number('optimization.constraints.max_candidate_gpus', flags.maxGpus, '--max-gpus'),
    ...reader.number('optimization.constraints.max_usd_per_hour', flags.maxUsdPerHour, '--max-usd-per-hour'),
    ...sourceOverrides(flags, reader),
    ...skipOverrides(flags),
    ...loadOverrides(flags, reader),
    ...reader.number('evaluation.slo.ttft_ms.p95', flags.ttftP95, '--ttft-p95'),
    ...reader.number('evaluation.slo.tpot_ms.p95', flags.tpotP95, '--tpot-p95'),
    ...reader.number('evaluation.slo.itl_ms.p95', flags.itlP95, '--itl-p95'),
    ...reader.number('evaluation.slo.e2e_ms.p95', flags.e2eP95, '--e2e-p95'),
    ...objectiveOverrides(flags),
    ...reader.number('seed', flags.seed, '--seed'),
  ];
  reader.throwIfAny();
  return overrides;
}

class FlagReader {
  readonly #issues: InputIssue[] = [];

  number(path: string, value: string | undefined, flag: string): Override[] {
    return value === undefined ? [] : [{ path, value: this.parse(value, flag), flag }];
  }

  /** A number, or a domain where there are several with commas. */
  ladder(path: string, value: string, flag: string): Override[] {
    const rungs = value.split(',').map((part) => this.parse(part, flag));
    if (rungs.length === 1) return [{ path, value: rungs[0], flag }];
    return [{ path, value: { choices: rungs }, flag }];
  }

  parse(text: string, flag: string): number {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) this.#issues.push({ path: flag, message: `must be a number, got "${text}"` });
    return value;
  }

  complain(flag: string, message: string, hint?: string): void {
    this.#issues.push({ path: flag, message, ...(hint === undefined ? {} : { hint }) });
  }

  throwIfAny(): void {
    if (this.#issues.length > 0) throw new InputError(this.#issues);
  }
}

function text(path: string, value: string | undefined, flag: string): Override[] {
  return value === undefined ? [] : [{ path, value, flag }];
}

function gpuOverrides(gpu: string | undefined): Override[] {
  if (gpu === undefined) return [];
  const names = gpu
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InputError({ path: '--gpu', message: 'must name a GPU' });
  const value = names.length === 1 ? names[0] : { choices: names };
  return [{ path: 'engine.hardware', value, flag: '--gpu' }];
}

function sourceOverrides(flags: GoalFlags, reader: FlagReader): Override[] {
  const { trace, preset, isl, osl } = flags;
  const given = [
    ...(trace === undefined ? [] : ['--trace']),
    ...(preset === undefined ? [] : ['--preset']),
    ...(isl === undefined && osl === undefined ? [] : ['--isl/--osl']),
  ];
  if (given.length > 1) reader.complain(given[1], `cannot be combined with ${given[0]}: one workload at a time`);
  const path = 'traffic.source';
  if (trace !== undefined) return [{ path, value: { type: 'trace', path: trace }, flag: '--trace' }];
  if (preset !== undefined) return [{ path, value: { type: 'preset', name: preset }, flag: '--preset' }];
  if (isl === undefined && osl === undefined) return [];
  if (isl === undefined || osl === undefined) {
    reader.complain(isl === undefined ? '--isl' : '--osl', `required with ${isl === undefined ? '--osl' : '--isl'}`);
    return [];
  }
  const lengths = { input_tokens: reader.parse(isl, '--isl'), output_tokens: reader.parse(osl, '--osl') };
  return [
    { path, value: { type: 'synthetic', ...lengths }, flag: '--isl/--osl' },
    { path: `${path}.input_tokens`, value: lengths.input_tokens, flag: '--isl' },
    { path: `${path}.output_tokens`, value: lengths.output_tokens, flag: '--osl' },
  ];
}

function skipOverrides({ skipBadLines }: GoalFlags): Override[] {
  if (skipBadLines === undefined) return [];
  return [{ path: 'traffic.source.skip_bad_lines', value: true, flag: '--skip-bad-lines' }];
}

function loadOverrides(flags: GoalFlags, reader: FlagReader): Override[] {
  const { rps, concurrency } = flags;
  if (rps !== undefined && concurrency !== undefined) {
    reader.complain('--concurrency', 'cannot be combined with --rps: requests arrive at a rate, or as others finish');
  }
  const path = 'traffic.load';
  if (rps !== undefined) {
    return [
      { path, value: { type: 'poisson' }, flag: '--rps' },
      ...reader.ladder(`${path}.requests_per_second`, rps, '--rps'),
    ];
  }
  if (concurrency === undefined) return [];
  return [
    { path, value: { type: 'concurrency' }, flag: '--concurrency' },
    ...reader.ladder(`${path}.concurrency`, concurrency, '--concurrency'),
  ];
}

function objectiveOverrides({ minimize = [], maximize = [] }: GoalFlags): Override[] {
  const objectives = [
    ...minimize.map((metric) => ({ value: { metric, direction: 'minimize' }, flag: '--minimize' })),
    ...maximize.map((metric) => ({ value: { metric, direction: 'maximize' }, flag: '--maximize' })),
  ];
  if (objectives.length === 0) return [];
  const path = 'optimization.objectives';
  return [
    { path, value: [], flag: objectives[0].flag },
    ...objectives.map(({ value, flag }, index) => ({ path: `${path}.${index}`, value, flag })),
  ];
}
