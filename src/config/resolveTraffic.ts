import type { LengthDistribution, ThinkDistribution } from '../workload/lengths.ts';
import { knobDefault } from './knobs.ts';
import type { PredictConfig, SyntheticSource, TrafficLoad, TrafficSource } from './predictConfig.ts';
import type { PredictInput } from './predictSchema.ts';
import type { Problems } from './problems.ts';

type TrafficInput = PredictInput['traffic'];
type SourceInput = TrafficInput['source'];
type SyntheticInput = Extract<SourceInput, { type: 'synthetic' }>;
type LengthInput = SyntheticInput['input_tokens'];
type ThinkInput = NonNullable<NonNullable<SyntheticInput['sessions']>['think_seconds']>;

const SIZE_LIMIT = 2 ** 31 - 1;

/** Fills in the traffic section; what does not fit together is added to `problems`. */
export function resolveTraffic(input: TrafficInput, problems: Problems): PredictConfig['traffic'] {
  return {
    source: resolveSource(input.source, problems),
    load: resolveLoad(input, problems),
    stop: {
      requests: input.stop?.requests ?? null,
      max_virtual_time_seconds: input.stop?.max_virtual_time_seconds ?? null,
    },
    over_length: input.over_length ?? knobDefault('traffic.over_length'),
    max_output_tokens: input.max_output_tokens ?? 'exact',
    ignore_eos: input.ignore_eos ?? knobDefault('traffic.ignore_eos'),
    ...(input.classes === undefined ? {} : { classes: input.classes }),
    ...(input.patience === undefined ? {} : { patience: withoutAbsent(input.patience) }),
  };
}

/**
 * Requests that a closed loop leaves out of its statistics: all its users start at once, which no other moment of it is
 * like. Benchmarks warm up with two requests a user (InferenceMAX: `--num-warmups` of twice the concurrency); at most half
 * of the requests, so that there is something to measure. Traces and open loops are measured whole.
 */
export function defaultWarmup({ source, load, stop }: PredictConfig['traffic']): number {
  if (load.type !== 'concurrency' || source.type === 'trace') return 0;
  const requests = Math.min(source.requests, stop.requests ?? Number.POSITIVE_INFINITY);
  return Math.min(2 * load.concurrency, Math.floor(requests / 2));
}

function resolveLoad(input: TrafficInput, problems: Problems): TrafficLoad {
  const { load, source } = input;
  const path = ['traffic', 'load'];
  if (load === undefined) {
    if (source.type !== 'trace') {
      problems.add(
        path,
        `required: how the ${source.type} requests arrive`,
        'e.g. {type: poisson, requests_per_second: 2}, or the flag --rps or --concurrency',
      );
    }
    return { type: 'trace_timestamps', speedup: knobDefault('traffic.load.speedup'), spread: 'none' };
  }
  if (load.type !== 'trace_timestamps') return load;
  if (source.type !== 'trace') {
    problems.add([...path, 'type'], `trace_timestamps needs a trace, the source is ${source.type}`);
  }
  return {
    type: 'trace_timestamps',
    speedup: load.speedup ?? knobDefault('traffic.load.speedup'),
    spread: load.spread ?? knobDefault('traffic.load.spread'),
  };
}

function resolveSource(source: SourceInput, problems: Problems): TrafficSource {
  if (source.type === 'preset') {
    return { type: 'preset', name: source.name, requests: source.requests ?? knobDefault('traffic.source.requests') };
  }
  return source.type === 'trace' ? resolveTrace(source, problems) : resolveSynthetic(source, problems);
}

function resolveTrace(source: Extract<SourceInput, { type: 'trace' }>, problems: Problems): TrafficSource {
  const format = source.format ?? (/\.csv(\.gz|\.zst)?$/i.test(source.path) ? 'csv' : 'mooncake');
  const path = ['traffic', 'source', 'columns'];
  const columns = source.columns ?? null;
  if (format === 'csv' && columns === null) {
    problems.add(
      path,
      'required for a CSV trace: the columns of timestamp, input_tokens and output_tokens',
      'or traffic.source.format azure_2023 for that trace',
    );
  }
  if (format !== 'csv' && columns !== null) problems.add(path, `must be left out with format ${format}`);
  const unit = source.timestamp_unit ?? (format === 'mooncake' ? 'ms' : format === 'csv' ? 's' : 'datetime');
  if (format === 'mooncake' && unit === 'datetime') {
    problems.add(['traffic', 'source', 'timestamp_unit'], 'must be ms or s with format mooncake, got "datetime"');
  }
  if (format === 'azure_2023' && unit !== 'datetime') {
    problems.add(['traffic', 'source', 'timestamp_unit'], `must be datetime with format azure_2023, got "${unit}"`);
  }
  return {
    type: 'trace',
    path: source.path,
    format,
    block_size: source.block_size ?? knobDefault('traffic.source.block_size'),
    columns: columns === null ? null : withoutAbsent(columns),
    timestamp_unit: unit,
    skip_bad_lines: source.skip_bad_lines ?? knobDefault('traffic.source.skip_bad_lines'),
  };
}

function resolveSynthetic(source: SyntheticInput, problems: Problems): SyntheticSource {
  const path = ['traffic', 'source'];
  const { shared_prefix, sessions } = source;
  return {
    type: 'synthetic',
    input_tokens: resolveLength(source.input_tokens, [...path, 'input_tokens'], problems),
    output_tokens: resolveLength(source.output_tokens, [...path, 'output_tokens'], problems),
    requests: source.requests ?? knobDefault('traffic.source.requests'),
    shared_prefix:
      shared_prefix == null
        ? null
        : {
            groups: shared_prefix.groups,
            tokens: resolveLength(shared_prefix.tokens, [...path, 'shared_prefix', 'tokens'], problems),
          },
    sessions:
      sessions == null
        ? null
        : {
            turns: resolveLength(sessions.turns, [...path, 'sessions', 'turns'], problems),
            think_seconds: resolveThink(sessions.think_seconds ?? 0, [...path, 'sessions', 'think_seconds'], problems),
          },
    block_size: source.block_size ?? knobDefault('traffic.source.synthetic.block_size'),
  };
}

function resolveLength(input: LengthInput, path: readonly string[], problems: Problems): LengthDistribution {
  if (typeof input === 'number') return { type: 'fixed', tokens: input };
  if (input.type === 'fixed') return input;
  const resolved = input.type === 'uniform' ? input : { ...input, min: input.min ?? 1, max: input.max ?? SIZE_LIMIT };
  checkOrder(resolved, path, problems);
  return resolved;
}

function resolveThink(input: ThinkInput, path: readonly string[], problems: Problems): ThinkDistribution {
  if (typeof input === 'number') return { type: 'fixed', seconds: input };
  if (input.type === 'uniform') checkOrder(input, path, problems);
  return input;
}

function checkOrder(range: { min: number; max: number }, path: readonly string[], problems: Problems): void {
  if (range.max < range.min) problems.add([...path, 'max'], `must be at least min (${range.min}), got ${range.max}`);
}

function withoutAbsent<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
