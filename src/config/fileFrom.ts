/** Node only: file names inside a configuration. */
import { isAbsolute, join, relative } from 'node:path';

/**
 * The place of `path`, which a configuration in the folder `baseDir` names, as the user would type it: relative where both
 * are, and without a way out of the working directory and back into it.
 */
export function fileFrom(baseDir: string, path: string): string {
  if (isAbsolute(path)) return path;
  const joined = join(baseDir, path);
  if (isAbsolute(joined)) return joined;
  const fromHere = relative('', joined);
  return fromHere.startsWith('..') ? joined : fromHere;
}
