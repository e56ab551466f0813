import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { InputError } from '../base/inputError.ts';
import { isPath } from '../config/facts.ts';
import { type GoalFlags, goalOverrides } from '../config/goalFlags.ts';
import { type Override, parseSet } from '../config/inputDocument.ts';

export interface Input {
  /** null when everything comes from flags. */
  readonly text: string | null;
  /** For messages. */
  readonly file: string;
  /** What relative paths inside start from. */
  readonly baseDir: string;
}

/** Reads a configuration file, or standard input for `-`. @throws InputError when it cannot be read. */
export async function readInput(file: string | undefined): Promise<Input> {
  if (file === undefined) return { text: null, file: '', baseDir: '.' };
  if (file === '-') return { text: await textOf(process.stdin), file: '<stdin>', baseDir: '.' };
  try {
    return { text: await readFile(file, 'utf8'), file, baseDir: dirname(file) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = { ENOENT: 'no such file', EISDIR: 'is a directory', EACCES: 'may not be read (permission denied)' };
    throw new InputError({ file, message: reason[code as keyof typeof reason] ?? message });
  }
}

/** Flags and `--set`, to be laid over the file in that order. Paths in flags start from where the user stands. */
export function overridesOf(flags: GoalFlags & { readonly set: readonly string[] }, input: Input): Override[] {
  const fromHere = (name: string): string => relocate(name, process.cwd(), input.baseDir);
  const named = (name: string): string => (isPath(name) ? fromHere(name) : name);
  return [
    ...goalOverrides({
      ...flags,
      ...(flags.trace === undefined ? {} : { trace: fromHere(flags.trace) }),
      ...(flags.model === undefined ? {} : { model: named(flags.model) }),
      ...(flags.gpu === undefined ? {} : { gpu: flags.gpu.split(',').map(named).join(',') }),
    }),
    ...flags.set.map(parseSet),
  ];
}

/** A path that started from `from`, as one that starts from `to`. */
export function relocate(path: string, from: string, to: string): string {
  if (isAbsolute(path) || resolve(from) === resolve(to)) return path;
  const moved = relative(to, resolve(from, path));
  return moved.startsWith('.') ? moved : `./${moved}`;
}
