import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path from the project's root, with `/`, to text. */
export type Sources = ReadonlyMap<string, string>;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OUTSIDE = new Set(['node_modules', 'dist']);

/** The TypeScript files under the given folders, tests left out. */
export function readSources(...folders: string[]): Sources {
  return read(folders, (path) => !isTest(path));
}

/** The tests under the given folders, and whatever else stands in `test`. */
export function readTests(...folders: string[]): Sources {
  return read(folders, (path) => isTest(path) || path.startsWith('test/'));
}

function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path);
}

function read(folders: readonly string[], wanted: (path: string) => boolean): Sources {
  const sources = new Map<string, string>();
  for (const file of folders.flatMap((folder) => filesUnder(join(ROOT, folder)))) {
    const path = relative(ROOT, file).split(sep).join('/');
    if (wanted(path)) sources.set(path, readFileSync(file, 'utf8'));
  }
  return sources;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (OUTSIDE.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}
