import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../base/inputError.ts';

/** Files that say whose output a directory holds, by the `config_hash` inside. */
const SIGNATURES = ['report.json', 'recommendation.json'];

/** Writes one file so that a reader sees the old or the new content, never a part: a temporary file, then a rename. */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes a set of files (path inside the directory -> content) each atomically, the signature files last, so that a set with a
 * signature is complete. A directory that holds anything else than an earlier output of the same configuration is left alone
 * unless `overwrite`.
 * @returns the paths written, joined with `directory`
 * @throws InputError when the directory is foreign, or cannot be written
 */
export async function writeFiles(
  directory: string,
  files: ReadonlyMap<string, string | Uint8Array>,
  options: { readonly configHash: string; readonly overwrite: boolean },
): Promise<string[]> {
  await assertOurs(directory, options);
  const signed = (name: string): number => (SIGNATURES.includes(name) ? 1 : 0);
  const ordered = [...files].sort(([a], [b]) => signed(a) - signed(b));
  for (const [name, content] of ordered) {
    await writeFileAtomically(join(directory, name), content).catch((error) => {
      throw unwritable(directory, error);
    });
  }
  return [...files.keys()].map((name) => join(directory, name));
}

/** Throws unless `writeFiles` may write into the directory; for asking before a long run. */
export async function assertOurs(
  directory: string,
  { configHash, overwrite }: { readonly configHash: string; readonly overwrite: boolean },
): Promise<void> {
  if (overwrite) return;
  const entries = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw unwritable(directory, error);
  });
  if (entries.length === 0) return;
  for (const name of SIGNATURES) if ((await signatureIn(join(directory, name))) === configHash) return;
  throw new InputError({
    path: '--output-dir',
    message: `${directory} is not empty and holds no output of this configuration`,
    hint: 'choose another directory, or add --overwrite',
  });
}

/** The `config_hash` of a signature file; null when there is no such file or it is not ours. */
async function signatureIn(path: string): Promise<string | null> {
  try {
    const content = JSON.parse(await readFile(path, 'utf8')) as { config_hash?: unknown } | null;
    return typeof content?.config_hash === 'string' ? content.config_hash : null;
  } catch {
    return null;
  }
}

function unwritable(directory: string, error: NodeJS.ErrnoException): InputError {
  return new InputError({ path: '--output-dir', message: `cannot write to ${directory}: ${error.message}` });
}
