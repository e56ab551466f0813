import { basename, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileFrom } from './fileFrom.ts';

describe('fileFrom', () => {
  test.each([
    ['.', 'trace.jsonl', 'trace.jsonl'],
    ['conf', 'trace.jsonl', 'conf/trace.jsonl'],
    ['conf', '../trace.jsonl', 'trace.jsonl'],
    ['../conf', 'trace.jsonl', '../conf/trace.jsonl'],
    ['/conf', 'trace.jsonl', '/conf/trace.jsonl'],
    ['conf', '/traces/trace.jsonl', '/traces/trace.jsonl'],
    ['../conf', `../${basename(resolve())}/trace.jsonl`, 'trace.jsonl'],
  ])('in %s, %s is %s', (baseDir, path, expected) => {
    expect(fileFrom(baseDir, path)).toBe(expected);
    expect(resolve(fileFrom(baseDir, path))).toBe(resolve(baseDir, path));
  });
});
