import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../base/inputError.ts';

/** Files that say whose output a directory holds, by the `config_hash` inside. */
const SIGNATURES = ['report.json', 'recommendation.json', 'explanation.json', 'deployment.json', 'adaptation.json'];

/** Writes one file so that a reader sees the old or the new content, never a part: a temporary file, then a rename. */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** `mkdir -p`. Node's own never returns under a folder that accepts none, such as /proc. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path || (await exists(dirname(path)))) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again;
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
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
      throw unwritable('--output-dir', directory, error);
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
    throw unwritable('--output-dir', directory, error);
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

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  EDQUOT: 'no space left',
  ENOTDIR: 'a folder on the way is a file',
  EEXIST: 'a folder on the way is a file',
  EISDIR: 'is a directory',
  ENOENT: 'no folder can be made there',
};

/** What a failed write means for the user, who chose the place by `flag`. */
export function unwritable(flag: string, place: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return error;
  return new InputError({ path: flag, message: `cannot write ${place}: ${REASONS[code] ?? code}` });
}
