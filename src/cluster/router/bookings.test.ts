import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../base/random.ts';
import { RequestLog } from '../../engine/requestLog.ts';
import { buildRequestTable } from '../../engine/requestTable.ts';
import { fixedTimer } from '../../timing/fixed.ts';
import { WorkloadBuilder } from '../../workload/workloadBuilder.ts';
import type { Worker } from '../worker.ts';
import { BlockIndex } from './blockIndex.ts';
import { Bookings } from './bookings.ts';
import { HeldBlocks } from './heldBlocks.ts';

const MS = 1e6;

function tableOf(rows: readonly { input: number; ids: number[] }[]) {
  const builder = new WorkloadBuilder('hand', 10);
  for (const { input, ids } of rows) builder.add({ arrivalNs: 0, inputTokens: input, outputTokens: 1, blockIds: ids });
  return buildRequestTable(builder.build(), Number.POSITIVE_INFINITY);
}

const worker = { index: 0, pool: { timer: fixedTimer({ prefillMs: 100, decodeMs: 10 }) } } as unknown as Worker;

describe('what a router books', () => {
  it('is prompt tokens until the first token, and shared text once until the last who holds it is gone', () => {
    const table = tableOf([
      { input: 25, ids: [1, 2, 3] },
      { input: 25, ids: [1, 2, 4] },
    ]);
    const log = new RequestLog(2);
    const booked = new Bookings(worker, table, log, new HeldBlocks(table));
    booked.add(0, 25, 0);
    expect([booked.prefillTokens, booked.heldTokens, booked.requests]).toEqual([25, 25, 1]);
    expect(booked.newTokens(1)).toBe(5);
    booked.add(1, 5, 0);
    expect([booked.prefillTokens, booked.heldTokens]).toEqual([30, 30]);
    log.firstTokenNs[0] = 100 * MS;
    booked.settle();
    expect([booked.prefillTokens, booked.heldTokens]).toEqual([5, 30]);
    booked.remove(0, 200 * MS);
    expect([booked.prefillTokens, booked.heldTokens]).toEqual([5, 25]);
    booked.remove(1, 200 * MS);
    expect([booked.prefillTokens, booked.heldTokens, booked.requests]).toEqual([0, 0, 0]);
  });

  it('fades the first prefill over its predicted 100 ms, and the next from when that one ended', () => {
    const table = tableOf([
      { input: 40, ids: [] },
      { input: 20, ids: [] },
    ]);
    const log = new RequestLog(2);
    const booked = new Bookings(worker, table, log, new HeldBlocks(table));
    booked.add(0, 40, 0);
    booked.add(1, 20, 10 * MS);
    expect(booked.fadedPrefillTokens(25 * MS)).toBe(30 + 20);
    expect(booked.fadedPrefillTokens(200 * MS)).toBe(20);
    log.firstTokenNs[0] = 200 * MS;
    booked.settle();
    expect(booked.fadedPrefillTokens(250 * MS)).toBe(10);
  });

  it('holds as many tokens as the distinct blocks of its requests, counted afresh', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new RandomStream(seed, 'bookings');
      const rows = Array.from({ length: 12 }, (_, row) => {
        const input = random.integer(1, 60);
        const shared = random.integer(0, 4);
        const ids = Array.from({ length: random.integer(0, Math.ceil(input / 10)) }, (_, at) =>
          at < shared ? at : 1000 + 100 * row + at,
        );
        // Blocks that are shared are full ones.
        return { input: Math.max(input, Math.min(shared, ids.length) * 10), ids };
      });
      const table = tableOf(rows);
      const booked = new Bookings(worker, table, new RequestLog(12), new HeldBlocks(table));
      const present = new Set<number>();
      for (let step = 0; step < 60; step++) {
        const request = random.integer(0, 11);
        if (present.delete(request)) booked.remove(request, step);
        else {
          present.add(request);
          booked.add(request, 1, step);
        }
        expect(booked.heldTokens, `seed ${seed}`).toBe(countAfresh(table, present));
        expect(booked.prefillTokens).toBe(present.size);
      }
    }
  });
});

function countAfresh({ workload, inputTokens }: ReturnType<typeof tableOf>, present: Set<number>): number {
  const blocks = new Map<number, number>();
  let tokens = 0;
  for (const request of present) {
    const ids = workload.blockIds.subarray(workload.blockOffsets[request], workload.blockOffsets[request + 1]);
    ids.forEach((id, at) => {
      blocks.set(id, Math.min(10, inputTokens[request] - 10 * at));
    });
    tokens += Math.max(0, inputTokens[request] - 10 * ids.length);
  }
  for (const block of blocks.values()) tokens += block;
  return tokens;
}

describe('what a router remembers', () => {
  it('is the leading blocks it sent, as long as their time has not run out', () => {
    const table = tableOf([
      { input: 25, ids: [1, 2, 3] },
      { input: 35, ids: [1, 2, 4, 5] },
    ]);
    const index = new BlockIndex(table, 100);
    expect(index.cachedTokens(0, 0)).toBe(0);
    index.remember(0, 0);
    expect(index.cachedTokens(0, 100)).toBe(25);
    expect(index.cachedTokens(1, 100)).toBe(20);
    expect(index.cachedTokens(1, 101)).toBe(0);
  });
});
