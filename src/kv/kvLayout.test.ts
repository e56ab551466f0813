import { describe, expect, it } from 'vitest';
import type { StateGroup } from '../timing/kvGroup.ts';
import { alignedChunk, nextSkip, skippedTokens } from './kvLayout.ts';

const state = (blockTokens: number, dropsLastHit = false): StateGroup => ({
  kind: 'state',
  blockTokens,
  aligned: true,
  draftBlocks: 0,
  dropsLastHit,
});

describe('a chunk that ends where a state can be cached (vLLM Scheduler._mamba_block_aligned_split)', () => {
  it.each([
    ['a chunk inside the prompt ends at a block end', 16, 0, 40, 64, 64, 0, 32],
    ['a prompt that ends there is one chunk', 16, 0, 64, 64, 64, 0, 64],
    ['the last block end of the prompt ends a chunk', 16, 0, 83, 83, 83, 0, 80],
    ['what follows it is the last chunk', 16, 80, 3, 83, 83, 0, 3],
    ['not one block', 16, 16, 15, 64, 64, 0, 0],
    ['a chunk that begins inside a block ends at its end', 16, 20, 14, 34, 34, 0, 12],
    ['a prompt shorter than a block is one chunk', 16, 0, 9, 9, 9, 0, 9],
    ['generated tokens are computed again like a prompt', 16, 0, 90, 40, 90, 0, 80],
    ['but for the last, which is a decode', 16, 95, 1, 40, 96, 0, 1],
    ['a decode beyond the prompt is left alone', 16, 64, 4, 64, 65, 0, 4],
    ['a junction ends a chunk', 16, 0, 128, 160, 160, 64, 64],
    ['a junction inside a block, the end of the block before', 16, 0, 128, 160, 160, 70, 64],
    ['a junction that has been reached does not', 16, 64, 64, 160, 160, 64, 64],
    ['nor one past the chunk', 16, 0, 32, 160, 160, 64, 32],
  ])('%s', (_, block, start, tokens, prompt, known, junction, chunk) => {
    expect(alignedChunk(state(block), start, tokens, prompt, known, junction)).toBe(chunk);
  });

  it('ends a block earlier where a hit gives up its last one (EAGLE, MTP)', () => {
    expect(alignedChunk(state(4, true), 0, 14, 14, 14, 0)).toBe(8);
    expect(alignedChunk(state(4), 0, 14, 14, 14, 0)).toBe(12);
    expect(alignedChunk(state(4, true), 8, 6, 14, 14, 0)).toBe(6);
    expect(alignedChunk(state(16, true), 0, 20, 20, 20, 0)).toBe(20);
  });
});

it('a state leaves a block behind where the block before its token is another', () => {
  for (const blockTokens of [1, 3, 16]) {
    const behind = (computed: number): number => Math.floor(skippedTokens(state(blockTokens), computed) / blockTokens);
    for (let computed = 1; computed < 60; computed++) {
      let next = computed + 1;
      while (behind(next) === behind(computed)) next += 1;
      expect(nextSkip(state(blockTokens), computed)).toBe(next);
    }
  }
});
