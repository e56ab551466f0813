import { readFile } from 'node:fs/promises';
import { InputError } from '../base/inputError.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import { type ColumnNames, readPoints } from './readPoints.ts';

/** The points of all files, in their order. @throws InputError for a file that cannot be read or makes no sense. */
export async function readPointFiles(files: readonly string[], names: ColumnNames = {}): Promise<MeasuredPoint[]> {
  const points: MeasuredPoint[] = [];
  for (const file of files) points.push(...readPoints(await readTextFile(file), file, names));
  return points;
}

/** @throws InputError when it cannot be read. */
export async function readTextFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new InputError({ file, message: `cannot be read: ${(error as Error).message}` });
  }
}
