import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folders whose code (and catalog data) decides what a trial comes out as. */
const FOLDERS = [
  'base',
  'catalog',
  'workload',
  'timing',
  'kv',
  'engine',
  'cluster',
  'metrics',
  'config',
  'study',
  'recommend',
];

let known: string | null = null;

/**
 * SHA-256 (hex) of the code and the facts that compute a trial: two programs with the same fingerprint compute the same
 * results. Stricter than needed, since a changed comment changes it too, but never wrong.
 */
export function engineFingerprint(): string {
  known ??= hashFolders();
  return known;
}

function hashFolders(): string {
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    const root = new URL(`../${folder}/`, import.meta.url);
    const files = readdirSync(fileURLToPath(root), { recursive: true, encoding: 'utf8' });
    // Paths sort alike on every system once their separators are the same.
    for (const file of files.map((path) => path.replaceAll('\\', '/')).sort()) {
      if (!/(?<!\.test)(?<!\.d)\.(ts|js|json)$/.test(file)) continue;
      hash.update(`${folder}/${file}\0`);
      hash.update(readFileSync(new URL(file, root)));
    }
  }
  return hash.digest('hex');
}
