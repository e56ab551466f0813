import Papa from 'papaparse';
import { InputError } from '../base/inputError.ts';

/** Rows of a CSV file with a header line, by column name. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** A whole CSV file in memory. @throws InputError with file and line when it is broken. */
export function readCsvTable(text: string, file: string): CsvTable {
  const { data, meta, errors } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  // A file of one column has no delimiter to find.
  const broken = errors.find((error) => error.code !== 'UndetectableDelimiter');
  if (broken !== undefined) throw new InputError({ file, line: (broken.row ?? 0) + 2, message: broken.message });
  return { columns: meta.fields ?? [], rows: data };
}
