import type { SimulatedFile } from './simulatedFile.ts';

const DEFAULT_REQUESTS = 100;
const DEFAULT_CONCURRENCY = 10;
const DEFAULT_INPUT = 1024;
const DEFAULT_OUTPUT = 128;

/** Traffic, which a file may leave out: then 100 synthetic requests of 1024 and 128 tokens at concurrency 10. */
export function importAisimulateTraffic(source: SimulatedFile): void {
  const type = source.get<string>('traffic.source.type') ?? 'synthetic';
  if (type === 'trace') readTrace(source);
  else if (type === 'synthetic-session') readSessions(source);
  else if (type === 'synthetic') readSynthetic(source);
  else source.refuse('traffic.source.type', `"${type}" is not taken over`, 'synthetic, synthetic-session, trace');
}

function readTrace(source: SimulatedFile): void {
  const paths = source.get<string[]>('traffic.source.paths') ?? [];
  const format = source.get<string>('traffic.source.format') ?? 'mooncake';
  if (format !== 'mooncake') source.refuse('traffic.source.format', `"${format}" is not read here`, 'mooncake is');
  if (paths.length !== 1) source.refuse('traffic.source.paths', `must be one file here, got ${paths.length}`);
  const trace = {
    type: 'trace',
    path: paths[0],
    format: 'mooncake',
    block_size: source.get('traffic.source.block_size') ?? 512,
  };
  source.set('traffic.source', trace, 'traffic.source');
  readLoad(source, 1, 'trace_timestamps');
  source.copy('traffic.stop.requests');
  source.copy('traffic.stop.max_virtual_time_seconds');
}

function readSynthetic(source: SimulatedFile): void {
  const load = readLoad(source, 1, 'concurrency');
  const requests = countOf(source, 'requests', load);
  source.set(
    'traffic.source',
    {
      type: 'synthetic',
      input_tokens: source.get('traffic.source.input_tokens') ?? DEFAULT_INPUT,
      output_tokens: source.get('traffic.source.output_tokens') ?? DEFAULT_OUTPUT,
      requests,
    },
    'traffic.source',
  );
  source.copy('traffic.stop.max_virtual_time_seconds');
}

function readSessions(source: SimulatedFile): void {
  const turns = source.get<number>('traffic.source.session.turns') ?? 4;
  const delay = source.get<number>('traffic.source.session.inter_turn_delay_ms') ?? 0;
  const input = source.get<number>('traffic.source.new_input_tokens_per_turn') ?? DEFAULT_INPUT;
  const load = readLoad(source, turns, 'concurrency');
  source.set(
    'traffic.source',
    {
      type: 'synthetic',
      input_tokens: input,
      output_tokens: source.get('traffic.source.output_tokens_per_turn') ?? DEFAULT_OUTPUT,
      requests: countOf(source, 'sessions', load),
      sessions: { turns, think_seconds: delay / 1000 },
      ...sharedPrefix(source, input),
    },
    'traffic.source',
  );
  source.copy('traffic.stop.max_virtual_time_seconds');
}

function sharedPrefix(source: SimulatedFile, input: number): object {
  const ratio = source.get<number>('traffic.source.session.shared_prefix_ratio') ?? 0;
  const groups = source.get<number>('traffic.source.session.prefix_groups') ?? 0;
  const tokens = Math.round(ratio * input);
  if (tokens === 0) return {};
  source.notes.assume(
    'traffic.source.session.shared_prefix_ratio',
    'the shared part comes before the first prompt, which is longer by it',
  );
  return { shared_prefix: { groups: Math.max(1, groups), tokens } };
}

type Load = number | { readonly choices: readonly number[] } | { readonly range: Readonly<Record<string, unknown>> };

/** @returns the load in the file's own unit, for what is counted per unit of it. */
function readLoad(source: SimulatedFile, turns: number, initial: string): Load {
  const at = 'traffic.load';
  const type = source.get<string>(`${at}.type`) ?? initial;
  if (type === 'concurrency') {
    const load = source.get<Load>(`${at}.concurrency`) ?? DEFAULT_CONCURRENCY;
    source.set(at, { type, concurrency: load }, at);
    return load;
  }
  if (type === 'trace_timestamps') {
    source.set(at, { type, speedup: source.get(`${at}.speedup`) ?? 1 }, at);
    return 1;
  }
  if (type !== 'poisson' && type !== 'constant_rate') {
    source.refuse(`${at}.type`, `"${type}" is not taken over`, 'concurrency, poisson, constant_rate, trace_timestamps');
    return 1;
  }
  const sessions = source.get<Load>(`${at}.sessions_per_second`);
  const load = sessions ?? source.get<Load>(`${at}.requests_per_second`) ?? 1;
  // Our rate counts every turn.
  const rate = sessions === undefined ? load : scaled(sessions, turns);
  source.set(at, { type: type === 'poisson' ? 'poisson' : 'constant', requests_per_second: rate }, at);
  const seed = source.get<number>(`${at}.seed`);
  if (seed !== undefined) {
    source.set('seed', seed, `${at}.seed`);
    source.notes.assume(`${at}.seed`, 'the same seed draws other arrivals here');
  }
  return load;
}

function scaled(load: Load, factor: number): Load {
  if (typeof load === 'number') return load * factor;
  if ('choices' in load) return { choices: load.choices.map((value) => value * factor) };
  const { min, max, step, ...rest } = load.range as { min: number; max: number; step?: number; scale?: string };
  const linear = rest.scale !== 'log';
  const wider = step === undefined ? {} : { step: linear ? step * factor : step };
  return { range: { min: min * factor, max: max * factor, ...wider, ...rest } };
}

/** `stop.requests`, or so many for each unit of load: with several loads, of the highest. */
function countOf(source: SimulatedFile, what: 'requests' | 'sessions', load: Load): number {
  const count = source.get<number>(`traffic.stop.${what}`);
  const perUnit = source.get<number>(`traffic.stop.${what}_per_load_unit`);
  if (count !== undefined) return count;
  if (perUnit === undefined) return DEFAULT_REQUESTS;
  if (typeof load !== 'number') {
    source.notes.assume(`traffic.stop.${what}_per_load_unit`, 'one number for every load: that of the highest');
  }
  return Math.max(1, Math.round(perUnit * highest(load)));
}

function highest(load: Load): number {
  if (typeof load === 'number') return load;
  return 'choices' in load ? Math.max(...load.choices) : Number(load.range.max);
}
