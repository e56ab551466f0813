import type { TraceReader, TraceReaderOptions } from '../traceReader.ts';
import { AZURE_2023, type CsvColumns, CsvReader, type TimestampUnit } from './csv.ts';
import { MooncakeReader } from './mooncake.ts';

/** How to read a trace file. */
export type TraceFormat =
  | { readonly format: 'mooncake'; readonly timestampUnit?: 'ms' | 's' }
  | { readonly format: 'csv'; readonly columns: CsvColumns; readonly timestampUnit: TimestampUnit }
  | { readonly format: 'azure_2023' };

/** A reader for chunks from anywhere; `file` is the name that messages use. */
export function createTraceReader(file: string, options: TraceFormat & TraceReaderOptions): TraceReader {
  switch (options.format) {
    case 'mooncake':
      return new MooncakeReader(file, options);
    case 'csv':
      return new CsvReader(file, options);
    case 'azure_2023':
      return new CsvReader(file, { ...options, ...AZURE_2023 });
  }
}
