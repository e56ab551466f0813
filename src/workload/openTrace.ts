import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../base/inputError.ts';
import { createTraceReader, type TraceFormat } from './formats/createTraceReader.ts';
import type { TraceReaderOptions } from './traceReader.ts';
import type { Workload } from './workload.ts';

export type { TraceFormat } from './formats/createTraceReader.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory, not a trace file',
  EACCES: 'may not be read (permission denied)',
};

/**
 * Reads a trace file, gunzipping one whose name ends in .gz, in chunks. Node only.
 * @throws InputError when the file cannot be read, or what is in it is not the format's.
 */
export async function openTrace(path: string, options: TraceFormat & TraceReaderOptions): Promise<Workload> {
  const reader = createTraceReader(path, options);
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  const chunks: Readable = path.endsWith('.gz') ? file.pipe(createGunzip({ chunkSize: 1 << 18 })) : file;
  // A pipe does not hand on the errors of its source.
  if (chunks !== file) file.once('error', (error) => chunks.destroy(error));
  try {
    for await (const chunk of chunks) reader.push(chunk as Uint8Array);
  } catch (error) {
    throw asInputError(path, error);
  } finally {
    file.destroy();
  }
  return reader.end();
}

function asInputError(path: string, error: unknown): unknown {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return error;
  if (code in REASONS) return new InputError({ file: path, message: REASONS[code] });
  if (code.startsWith('Z_')) return new InputError({ file: path, message: 'is not a whole gzip file' });
  return error;
}
