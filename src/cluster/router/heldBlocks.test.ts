import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../base/random.ts';
import { buildRequestTable } from '../../engine/requestTable.ts';
import { WorkloadBuilder } from '../../workload/workloadBuilder.ts';
import { HeldBlocks } from './heldBlocks.ts';

const BLOCK = 10;
const WORKERS = 5;

/** Texts that branch off each other: a block's id is its path. */
function prompts(random: RandomStream, count: number) {
  const builder = new WorkloadBuilder('random', BLOCK);
  const known = new Map<string, number>();
  for (let row = 0; row < count; row++) {
    const input = random.integer(1, 70);
    let path = '';
    const blockIds = Array.from({ length: random.integer(0, Math.ceil(input / BLOCK)) }, () => {
      path += random.integer(0, 1);
      if (!known.has(path)) known.set(path, known.size);
      return known.get(path)!;
    });
    builder.add({ arrivalNs: 0, inputTokens: input, outputTokens: 1, blockIds });
  }
  return buildRequestTable(builder.build(), Number.POSITIVE_INFINITY);
}

describe('blocks held', () => {
  it('are new to a worker as a look-up of each block for that worker alone says', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new RandomStream(seed, 'held blocks');
      const table = prompts(random, 16);
      const { blockOffsets, blockIds } = table.workload;
      const held = new HeldBlocks(table);
      const inside = Array.from({ length: WORKERS }, () => new Set<number>());
      const naive = (request: number, worker: number): number => {
        const has = new Set<number>();
        for (const other of inside[worker]) {
          for (let at = blockOffsets[other]; at < blockOffsets[other + 1]; at++) has.add(blockIds[at]);
        }
        const input = table.inputTokens[request];
        const named = blockOffsets[request + 1] - blockOffsets[request];
        let tokens = Math.max(0, input - named * BLOCK);
        for (let at = 0; at < named; at++) {
          if (!has.has(blockIds[blockOffsets[request] + at])) tokens += Math.min(BLOCK, input - at * BLOCK);
        }
        return tokens;
      };
      for (let step = 0; step < 80; step++) {
        const worker = random.integer(0, WORKERS - 1);
        const request = random.integer(0, 15);
        if (inside[worker].delete(request)) {
          held.remove(request, worker);
        } else {
          held.add(request, worker);
          inside[worker].add(request);
        }
        const asked = random.integer(0, 15);
        for (let other = 0; other < WORKERS; other++) {
          expect(held.newTokens(asked, other), `seed ${seed}, step ${step}`).toBe(naive(asked, other));
        }
      }
    }
  });
});
