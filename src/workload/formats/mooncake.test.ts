import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../base/inputError.ts';
import { describeWorkload } from '../describe.ts';
import type { Workload } from '../workload.ts';
import { MooncakeReader } from './mooncake.ts';

const OPTIONS = { blockTokens: 512, skipBadLines: false };

function read(text: string | Uint8Array, options: ConstructorParameters<typeof MooncakeReader>[1] = OPTIONS): Workload {
  const reader = new MooncakeReader('trace.jsonl', options);
  reader.push(text);
  return reader.end();
}

function failure(text: string): readonly string[] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof InputError) return error.message.split('\n');
    throw error;
  }
  throw new Error('was accepted');
}

const GOOD = '{"timestamp": 10, "input_length": 600, "output_length": 5, "hash_ids": [7, 8]}';

describe('MooncakeReader', () => {
  it('reads requests under either name of each field', () => {
    const workload = read(`${GOOD}\r\n\n{"created_time": 12.5, "input_tokens": 3, "output_tokens": 4}`);
    expect(Array.from(workload.arrivalNs)).toEqual([0, 2.5e6]);
    expect(Array.from(workload.inputTokens)).toEqual([600, 3]);
    expect(Array.from(workload.outputTokens)).toEqual([5, 4]);
    expect(Array.from(workload.blockOffsets)).toEqual([0, 2, 2]);
  });

  it('keeps nanoseconds of times since 1970 and reads seconds when told', () => {
    const at = (timestamp: string) => `{"timestamp": ${timestamp}, "input_length": 1, "output_length": 1}\n`;
    expect(Array.from(read(at('1700000000123') + at('1700000000124')).arrivalNs)).toEqual([0, 1e6]);
    const seconds = read(at('1.5') + at('4'), { ...OPTIONS, timestampUnit: 's' });
    expect(Array.from(seconds.arrivalNs)).toEqual([0, 2.5e9]);
  });

  it('links sessions; later turns need no timestamp', () => {
    const workload = read(
      [
        '{"timestamp": 0, "session_id": "a", "input_length": 10, "output_length": 2}',
        '{"session_id": "a", "delay": 1500, "input_length": 20, "output_length": 2}',
        '{"timestamp": 2000, "session_id": "a", "input_length": 30, "output_length": 2}',
        '{"timestamp": 2500, "session_id": "a", "delay_ms": 3, "input_length": 40, "output_length": 2}',
      ].join('\n'),
    );
    expect(Array.from(workload.nextTurn)).toEqual([1, 2, 3, -1]);
    expect(Array.from(workload.thinkNs)).toEqual([0, 1.5e9, 2e9, 3e6]);
  });

  it('reads classes and priorities, 0 where a line has none', () => {
    const line = (more: string) => `{"timestamp": 1, "input_length": 1, "output_length": 1${more}}\n`;
    const text = line('') + line(', "class": "batch", "priority": 5') + line(', "priority": -1, "class": "chat"');
    const { classOf, classNames, priorities } = read(text);
    expect(Array.from(classOf, (index) => classNames[index])).toEqual(['default', 'batch', 'chat']);
    expect(Array.from(priorities!)).toEqual([0, 5, -1]);
    expect(read(line(', "class": "batch"')).priorities).toBeUndefined();
    expect(failure(line(', "priority": 1.5') + line(', "priority": "high"') + line(', "class": [1]'))).toEqual([
      'trace.jsonl:1 priority: must be a whole number, got 1.5',
      'trace.jsonl:2 priority: must be a whole number, got "high"',
      'trace.jsonl:3 class: must be a string or a number, got [1]',
    ]);
  });

  it('does not care where chunks end, characters and lines included', () => {
    const text = `${GOOD}\n{"timestamp": 20, "session_id": "größe 😀", "input_length": 1, "output_length": 1}\n`;
    const whole = read(text).digest;
    const bytes = new TextEncoder().encode(text);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length })), (cuts) => {
        const ends = [...cuts, bytes.length].sort((a, b) => a - b);
        const reader = new MooncakeReader('trace.jsonl', OPTIONS);
        ends.forEach((end, i) => {
          reader.push(bytes.subarray(ends[i - 1] ?? 0, end));
        });
        expect(reader.end().digest).toBe(whole);
      }),
    );
  });

  it.each([
    ['{"timestamp": 1', 'is not JSON'],
    ['[1]', 'must be a JSON object'],
    ['{"input_length": 1, "output_length": 1}', 'timestamp: is missing'],
    ['{"session_id": "new", "input_length": 1, "output_length": 1}', 'timestamp: is missing'],
    ['{"timestamp": "x", "input_length": 1, "output_length": 1}', 'timestamp: must be a number, at least 0, got "x"'],
    ['{"timestamp": -1, "input_length": 1, "output_length": 1}', 'timestamp: must be a number, at least 0, got -1'],
    ['{"timestamp": 1, "output_length": 1}', 'input_length: is missing'],
    [
      '{"timestamp": 1, "input_tokens": 0, "output_length": 1}',
      'input_tokens: must be a whole number of tokens, at least 1, got 0',
    ],
    [
      '{"timestamp": 1, "input_length": 1, "output_length": 1.5}',
      'output_length: must be a whole number of tokens, at least 0, got 1.5',
    ],
    [
      '{"timestamp": 1, "input_length": 3e9, "output_length": 1}',
      'input_length: must be a whole number of tokens, at least 1, got 3000000000',
    ],
    [
      '{"timestamp": 1, "input_length": 1, "output_length": 1, "delay": -2}',
      'delay: must be a number, at least 0, got -2',
    ],
    [
      '{"timestamp": 1, "input_length": 1, "output_length": 1, "session_id": {}}',
      'session_id: must be a string or a number, got {}',
    ],
    [
      '{"timestamp": 1, "input_length": 1, "output_length": 1, "hash_ids": "a"}',
      'hash_ids: must be a list of whole numbers, got "a"',
    ],
    [
      '{"timestamp": 1, "input_length": 1, "output_length": 1, "hash_ids": ["a"]}',
      'hash_ids: must hold whole numbers, got "a"',
    ],
    [
      '{"timestamp": 1, "input_length": 513, "output_length": 1, "hash_ids": [1]}',
      'hash_ids: has 1 ids, but 513 tokens make 2 blocks of 512 tokens (is block_size the one of the trace?)',
    ],
  ])('names the line and the field of %s', (line, message) => {
    const separator = message.includes(':') ? ' ' : ': ';
    expect(failure(`${GOOD}\n\n${line}\n${GOOD}`)).toEqual([`trace.jsonl:3${separator}${message}`]);
  });

  it('names the first five bad lines and counts the rest', () => {
    const lines = failure(`${GOOD}\n${'{}\n'.repeat(12)}`);
    expect(lines).toHaveLength(6);
    expect(lines[4]).toBe('trace.jsonl:6 timestamp: is missing');
    expect(lines[5]).toBe('trace.jsonl: 7 more bad lines');
  });

  it('skips bad lines when told, and says how many', () => {
    const workload = read(`${GOOD}\nnonsense\n{}\n${GOOD}`, { ...OPTIONS, skipBadLines: true });
    expect(workload.count).toBe(2);
    expect(workload.warnings).toEqual(['2 malformed lines were skipped']);
  });

  it('raises outputs of 0 to 1, and says so', () => {
    const workload = read('{"timestamp": 0, "input_length": 1, "output_length": 0}');
    expect(workload.outputTokens[0]).toBe(1);
    expect(workload.warnings).toEqual(['1 requests with 0 output tokens count as 1']);
  });

  it('refuses a file without requests', () => {
    expect(failure('\n\n')).toEqual(['trace.jsonl: holds no requests']);
  });
});

const trace = `${process.env.DYNOSIM_DATA}/traces/mooncake-conversation.jsonl`;

describe.skipIf(process.env.DYNOSIM_DATA === undefined)(
  'the Mooncake conversation trace (in the folder that DYNOSIM_DATA names)',
  () => {
    it('has the published size, the known reuse, and a clock that ticks every 3 s', () => {
      const bytes = readFileSync(trace);
      const workload = read(bytes);
      const summary = describeWorkload(workload);
      expect(summary.requests).toBe(12_031);
      expect(Math.round(summary.inputTokens.mean)).toBe(12_035);
      expect(Math.round(summary.outputTokens.mean)).toBe(343);
      expect((summary.reusedBlockRatio * 100).toFixed(1)).toBe('36.6');
      expect(summary.clock.distinct).toBe(1180);
      expect(summary.clock.tickNs).toBe(3e9);
      expect(workload.warnings.join()).toMatch(/coarse clock.*every 3\.0 s/);
    });

    it('shares no more and no less than its raw ids, renumbered', () => {
      const bytes = readFileSync(trace, 'utf8');
      const workload = read(bytes);
      const nodes = new Map<string, number>();
      const expected = bytes
        .split('\n')
        .filter(Boolean)
        .flatMap((line) => {
          let path = '';
          return (JSON.parse(line).hash_ids as number[]).map((id) => {
            path = createHash('md5').update(`${path},${id}`).digest('base64');
            if (!nodes.has(path)) nodes.set(path, nodes.size);
            return nodes.get(path)!;
          });
        });
      expect(
        Buffer.from(Int32Array.from(expected).buffer).equals(Buffer.from(Int32Array.from(workload.blockIds).buffer)),
      ).toBe(true);
    });
  },
);
