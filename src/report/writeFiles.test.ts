import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../base/inputError.ts';
import { writeFiles } from './writeFiles.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dynosim-write-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const files = (configHash: string, note = 'note'): Map<string, string> =>
  new Map([
    ['report.json', JSON.stringify({ config_hash: configHash })],
    ['candidates/0001.yaml', note],
  ]);

describe('writeFiles', () => {
  it('makes the directory and leaves no temporary file behind', async () => {
    const target = join(directory, 'new');
    const written = await writeFiles(target, files('a'), { configHash: 'a', overwrite: false });
    expect(written).toEqual([join(target, 'report.json'), join(target, 'candidates/0001.yaml')]);
    expect((await readdir(target, { recursive: true })).sort()).toEqual([
      'candidates',
      'candidates/0001.yaml',
      'report.json',
    ]);
  });

  it('rewrites the output of the same configuration', async () => {
    await writeFiles(directory, files('a'), { configHash: 'a', overwrite: false });
    await writeFiles(directory, files('a', 'newer'), { configHash: 'a', overwrite: false });
    expect(await readFile(join(directory, 'candidates/0001.yaml'), 'utf8')).toBe('newer');
  });

  it('leaves anything else alone unless told to overwrite', async () => {
    await writeFile(join(directory, 'thesis.tex'), 'years of work');
    await expect(writeFiles(directory, files('a'), { configHash: 'a', overwrite: false })).rejects.toThrow(InputError);
    expect(await readdir(directory)).toEqual(['thesis.tex']);
    await writeFiles(directory, files('b'), { configHash: 'b', overwrite: true });
    await expect(writeFiles(directory, files('a'), { configHash: 'a', overwrite: false })).rejects.toThrow(
      /--output-dir.*--overwrite/,
    );
  });

  it('calls a place that cannot be written a mistake of the input', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const below = join(file, 'below');
    await expect(writeFiles(below, files('a'), { configHash: 'a', overwrite: true })).rejects.toThrow(InputError);
  });
});
