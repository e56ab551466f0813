import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../base/inputError.ts';
import { describeWorkload } from '../describe.ts';
import type { Workload } from '../workload.ts';
import { AZURE_2023, type CsvOptions, CsvReader } from './csv.ts';

const AZURE: CsvOptions = { ...AZURE_2023, blockTokens: 512, skipBadLines: false };
const OWN: CsvOptions = {
  columns: { timestamp: 'at', inputTokens: 'in', outputTokens: 'out', sessionId: 'who' },
  timestampUnit: 's',
  blockTokens: 512,
  skipBadLines: false,
};

function read(text: string, options: CsvOptions): Workload {
  const reader = new CsvReader('trace.csv', options);
  for (let at = 0; at < text.length; at += 7) reader.push(text.slice(at, at + 7));
  return reader.end();
}

function failure(text: string, options: CsvOptions): readonly string[] {
  try {
    read(text, options);
  } catch (error) {
    if (error instanceof InputError) return error.message.split('\n');
    throw error;
  }
  throw new Error('was accepted');
}

describe('CsvReader', () => {
  it('reads the Azure 2023 columns to the 100 ns they are written in', () => {
    const workload = read(
      'TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50.9951690,396,109\r\n',
      AZURE,
    );
    expect(Array.from(workload.arrivalNs)).toEqual([0, 4_314_579_000]);
    expect(Array.from(workload.inputTokens)).toEqual([374, 396]);
    expect(Array.from(workload.outputTokens)).toEqual([44, 109]);
    expect(workload.blockIds).toHaveLength(0);
  });

  it('reads mapped columns in any order, quoted or not, with sessions, spaces, another delimiter and a BOM', () => {
    const workload = read('\uFEFFwho; out ;"in";at\na;5;"10";1.25\n;6;20;1.5\na;7;30;2\n', OWN);
    expect(Array.from(workload.inputTokens)).toEqual([10, 20, 30]);
    expect(Array.from(workload.outputTokens)).toEqual([5, 6, 7]);
    expect(Array.from(workload.nextTurn)).toEqual([2, -1, -1]);
    expect(Array.from(workload.thinkNs)).toEqual([0, 0, 0.75e9]);
    expect(workload.arrivalNs[1]).toBe(0.25e9);
  });

  it('reads classes and priorities, 0 where a cell is empty', () => {
    const columns = { timestamp: 'at', inputTokens: 'in', outputTokens: 'out', class: 'kind', priority: 'urgency' };
    const options = { ...OWN, columns };
    const { classOf, classNames, priorities } = read(
      'at,in,out,kind,urgency\n1,1,1,,\n1,1,1,batch,5\n1,1,1,chat,-2\n',
      options,
    );
    expect(Array.from(classOf, (index) => classNames[index])).toEqual(['default', 'batch', 'chat']);
    expect(Array.from(priorities!)).toEqual([0, 5, -2]);
    expect(failure('at,in,out,kind,urgency\n1,1,1,batch,soon\n1,1,1,batch,0.5\n', options)).toEqual([
      'trace.csv:2 urgency: must be a whole number, got "soon"',
      'trace.csv:3 urgency: must be a whole number, got "0.5"',
    ]);
    expect(failure('at,in,out,kind\n1,1,1,a\n', options)).toEqual([
      'trace.csv:1: has no column "urgency", its columns are at, in, out, kind',
    ]);
  });

  it('reads milliseconds', () => {
    const workload = read('who,out,in,at\n,1,1,1700000000001\n,1,1,1700000000003.5\n', { ...OWN, timestampUnit: 'ms' });
    expect(workload.arrivalNs[1]).toBe(2.5e6);
  });

  it('names a missing column and those there are', () => {
    expect(failure('at,in,output\n1,2,3\n', OWN)).toEqual([
      'trace.csv:1: has no column "out", its columns are at, in, output',
    ]);
  });

  it('names line and column of every bad value, counting lines inside quotes', () => {
    const text = 'at,in,out,who\n"1\n",1,1,a\nx,1,1,a\n\n2,1.5,1,a\n3,1,,a\n2023-11-16 18:15:46,1,1,a\n4\n';
    expect(failure(text, OWN)).toEqual([
      'trace.csv:4 at: must be a number of s, got "x"',
      'trace.csv:6 in: must be a whole number of tokens, at least 1, got "1.5"',
      'trace.csv:7 out: is missing',
      'trace.csv:8 at: must be a number of s, got "2023-11-16 18:15:46" (is timestamp_unit datetime?)',
      'trace.csv:9 in: is missing',
    ]);
    expect(failure('TIMESTAMP,ContextTokens,GeneratedTokens\n2023-13-01 00:00:00,1,1\n', AZURE)).toEqual([
      'trace.csv:2 TIMESTAMP: must be a date and time like 2023-11-16 18:15:46.68, got "2023-13-01 00:00:00"',
    ]);
  });

  it('skips bad lines when told, and says how many', () => {
    const workload = read('at,in,out,who\n1,1,0,\nx,1,1,\n', { ...OWN, skipBadLines: true });
    expect(workload.count).toBe(1);
    expect(workload.warnings).toEqual(['1 malformed lines were skipped', '1 requests with 0 output tokens count as 1']);
  });

  it('refuses a file without requests', () => {
    expect(failure('', OWN)).toEqual(['trace.csv: holds no requests']);
    expect(failure('at,in,out,who\n', OWN)).toEqual(['trace.csv: holds no requests']);
  });
});

const trace = `${process.env.DYNOSIM_DATA}/traces/azure-2023-conversation.csv`;

it.skipIf(process.env.DYNOSIM_DATA === undefined)(
  'reads the Azure 2023 conversation trace (in the folder that DYNOSIM_DATA names)',
  () => {
    const summary = describeWorkload(read(readFileSync(trace, 'utf8'), AZURE));
    // The medians are those that Splitwise (ISCA 2024) reports for it: 1020 and 129 tokens.
    expect(summary.requests).toBe(19_366);
    expect(summary.inputTokens.p50).toBe(1020);
    expect(summary.outputTokens.p50).toBe(129);
    expect(Math.round(summary.durationMs / 1000)).toBe(3502);
    expect(summary.warnings).toEqual([]);
  },
);
