import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { openTrace } from './openTrace.ts';

const folder = mkdtempSync(join(tmpdir(), 'dynosim-traces-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MOONCAKE = { format: 'mooncake', blockTokens: 512, skipBadLines: false } as const;
const TEXT = Array.from(
  { length: 30_000 },
  (_, i) => `{"timestamp":${i},"input_length":${i + 1},"output_length":9}\n`,
).join('');

function put(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

it('reads a file of several chunks, plain or gzipped, to the same workload', async () => {
  const plain = await openTrace(put('a.jsonl', TEXT), MOONCAKE);
  const zipped = await openTrace(put('a.jsonl.gz', gzipSync(TEXT)), MOONCAKE);
  expect(plain.count).toBe(30_000);
  expect(zipped.digest).toBe(plain.digest);
});

it('reads every format', async () => {
  const azure = put('azure.csv', 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.68,374,44\n');
  expect((await openTrace(azure, { ...MOONCAKE, format: 'azure_2023' })).inputTokens[0]).toBe(374);
  const own = put('own.csv', 'a,b,c\n1,2,3\n');
  const columns = { timestamp: 'a', inputTokens: 'b', outputTokens: 'c' };
  const workload = await openTrace(own, { ...MOONCAKE, format: 'csv', columns, timestampUnit: 's' });
  expect(workload.outputTokens[0]).toBe(3);
});

it('says what is wrong with a file that cannot be read', async () => {
  const missing = join(folder, 'missing.jsonl');
  await expect(openTrace(missing, MOONCAKE)).rejects.toThrow(`${missing}: no such file`);
  await expect(openTrace(`${missing}.gz`, MOONCAKE)).rejects.toThrow('no such file');
  await expect(openTrace(folder, MOONCAKE)).rejects.toThrow('is a directory');
  const directory = join(folder, 'folder.gz');
  mkdirSync(directory);
  await expect(openTrace(directory, MOONCAKE)).rejects.toThrow('is a directory');
  await expect(openTrace(put('plain.gz', 'text'), MOONCAKE)).rejects.toThrow('is not a whole gzip file');
  const cut = put('cut.gz', gzipSync(TEXT).subarray(0, 1000));
  await expect(openTrace(cut, MOONCAKE)).rejects.toThrow('is not a whole gzip file');
});

it('names file and line of a malformed request', async () => {
  const path = put('bad.jsonl', '{"timestamp":0,"input_length":1,"output_length":1}\n{]\n');
  await expect(openTrace(path, MOONCAKE)).rejects.toThrow(`${path}:2: is not JSON`);
});
