/** Node only: opens trace files. */
import { openTrace, type TraceFormat } from '../workload/openTrace.ts';
import type { Workload } from '../workload/workload.ts';
import { fileFrom } from './fileFrom.ts';
import type { PredictConfig, TrafficSource } from './predictConfig.ts';
import { generateWorkload, shapeWorkload } from './shapeWorkload.ts';

/**
 * The workload of a resolved traffic section.
 * @param baseDir folder that a relative trace path starts from: the configuration's.
 * @param contextLength tokens; what `max_output_tokens: context` fills.
 * @throws InputError for a trace that cannot be read, naming its lines.
 */
export async function loadWorkload(
  traffic: PredictConfig['traffic'],
  seed: number,
  baseDir: string,
  contextLength: number,
): Promise<Workload> {
  const { source } = traffic;
  const workload = source.type === 'trace' ? await readTrace(source, baseDir) : generateWorkload(source, seed);
  return shapeWorkload(workload, traffic, seed, contextLength);
}

function readTrace(source: Extract<TrafficSource, { type: 'trace' }>, baseDir: string): Promise<Workload> {
  return openTrace(fileFrom(baseDir, source.path), {
    ...formatOf(source),
    blockTokens: source.block_size,
    skipBadLines: source.skip_bad_lines,
  });
}

function formatOf(source: Extract<TrafficSource, { type: 'trace' }>): TraceFormat {
  if (source.format === 'azure_2023') return { format: 'azure_2023' };
  if (source.format === 'mooncake') {
    return { format: 'mooncake', timestampUnit: source.timestamp_unit === 's' ? 's' : 'ms' };
  }
  const columns = source.columns!;
  return {
    format: 'csv',
    timestampUnit: source.timestamp_unit,
    columns: {
      timestamp: columns.timestamp,
      inputTokens: columns.input_tokens,
      outputTokens: columns.output_tokens,
      ...(columns.session_id === undefined ? {} : { sessionId: columns.session_id }),
      ...(columns.class === undefined ? {} : { class: columns.class }),
      ...(columns.priority === undefined ? {} : { priority: columns.priority }),
    },
  };
}
