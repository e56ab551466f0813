import { describe, expect, it } from 'vitest';
import { runLoop, stretches } from '../../../test/support/trtllmLoop.ts';
import { fitCapacity } from './capacity.ts';
import { chooseMicroBatch, type MicroBatchLimits } from './microBatch.ts';
import type { TrtllmConfig } from './trtllmConfig.ts';

const POOL_200 = { blocks: 20, maxSequences: 2 };
const POOL_100 = { blocks: 10, maxSequences: 2 };
const NO_EVICT: Partial<TrtllmConfig> = { capacityPolicy: 'GUARANTEED_NO_EVICT' };
const MAX_UTIL: Partial<TrtllmConfig> = { capacityPolicy: 'MAX_UTILIZATION' };
const STATIC: Partial<TrtllmConfig> = { capacityPolicy: 'STATIC_BATCH' };

function chunks(maxBatchedTokens: number): Partial<TrtllmConfig> {
  return { chunkedPrefill: true, chunkingPolicy: 'EQUAL_PROGRESS', maxBatchedTokens };
}

/** Requests that are all alike. */
function alike(count: number, prompt: number, output: number): { prompt: number; output: number }[] {
  return Array.from({ length: count }, () => ({ prompt, output }));
}

const ran = (requests: Parameters<typeof runLoop>[0], settings: Partial<TrtllmConfig>): string[] =>
  stretches(runLoop(requests, settings));

describe('capacity', () => {
  it.each([NO_EVICT, MAX_UTIL, STATIC])('both fit (capacitySchedulerTest::SimpleShouldFit) %o', (policy) => {
    expect(ran(alike(2, 10, 80), { ...POOL_200, ...policy })).toEqual(['0-79: 0 1']);
  });

  it('both fit in chunks of 20 (::SimpleShouldFitInChunk)', () => {
    const iterations = runLoop(alike(2, 50, 40), { ...POOL_200, ...chunks(40) });
    expect(iterations.slice(0, 4).map((shares) => shares.map(([, tokens]) => tokens))).toEqual([
      [20, 20],
      [20, 20],
      [10, 10],
      [1, 1],
    ]);
    expect(iterations.length).toBe(42);
  });

  it('the one started last is paused and comes back with its output (::SimpleDoesntFitMaxUtilization)', () => {
    const iterations = runLoop(alike(2, 10, 80), { ...POOL_100, ...MAX_UTIL });
    expect(stretches(iterations)).toEqual(['0-40: 0 1', '41-79: 0', '80-118: 1']);
    expect(iterations[80]).toEqual([[1, 51, 51]]);
  });

  it('the same where KV comes from elsewhere: who is paused computes it itself (::DisaggGenInitMaxUtilization)', () => {
    const iterations = runLoop(alike(2, 10, 80), { ...POOL_100, ...MAX_UTIL }, 'decode');
    expect(stretches(iterations)).toEqual(['0-0: ', '1-40: 0 1', '41-79: 0', '80-118: 1']);
    expect(iterations[80]).toEqual([[1, 51, 51]]);
  });

  it('the same in chunks (::SimpleDoesntFitMaxUtilizationInChunk)', () => {
    const iterations = runLoop(alike(2, 30, 60), { ...POOL_100, ...MAX_UTIL, ...chunks(40) });
    expect(stretches(iterations).slice(0, 2)).toEqual(['0-21: 0 1', '22-60: 0']);
    expect(iterations[61]).toEqual([[1, 40, 51]]);
  });

  it('who does not fit to its end waits (capacitySchedulerTest, no-evict twin of SimpleDoesntFitMaxUtilization)', () => {
    expect(ran(alike(2, 10, 80), { ...POOL_100, ...NO_EVICT })).toEqual(['0-79: 0', '80-159: 1']);
  });

  it('the same in chunks (::SimpleDoesntFitGuaranteedCompletionInChunk)', () => {
    expect(ran(alike(2, 30, 60), { ...POOL_100, ...NO_EVICT, ...chunks(20) })).toEqual(['0-60: 0', '61-121: 1']);
  });

  it('newcomers are paused first (::SimpleDoesntFitAddingNewRequestsMaxUtilization)', () => {
    const requests = [...alike(2, 10, 80), ...alike(2, 10, 80).map((request) => ({ ...request, at: 10 }))];
    const iterations = runLoop(requests, { blocks: 10, maxSequences: 4, ...MAX_UTIL });
    expect(stretches(iterations)).toEqual([
      '0-9: 0 1',
      '10-20: 0 1 2 3',
      '21-40: 0 1',
      '41-79: 0',
      '80-89: 1 2',
      '90-118: 1',
      '119-138: 2 3',
      '139-177: 2',
      '178-226: 3',
    ]);
    expect(iterations[80]).toEqual([
      [1, 51, 51],
      [2, 21, 21],
    ]);
    expect(iterations[119]).toEqual([
      [2, 31, 31],
      [3, 21, 21],
    ]);
    expect(iterations[178]).toEqual([[3, 41, 41]]);
  });

  it('one at a time with requests added at iteration 10 (capacitySchedulerTest, no-evict, chunked)', () => {
    const requests = [...alike(2, 30, 60), ...alike(2, 30, 60).map((request) => ({ ...request, at: 10 }))];
    const settings = { blocks: 10, maxSequences: 4, ...NO_EVICT, ...chunks(20) };
    expect(ran(requests, settings)).toEqual(['0-60: 0', '61-121: 1', '122-182: 2', '183-243: 3']);
  });

  it('a static batch runs empty first (::SimpleFitsStaticBatch)', () => {
    const requests = [
      { prompt: 10, output: 80 },
      { prompt: 10, output: 40 },
      { prompt: 10, output: 80 },
    ];
    expect(ran(requests, { ...POOL_200, ...STATIC })).toEqual(['0-39: 0 1', '40-79: 0', '80-159: 2']);
  });
});

describe('equal prompts wait for each other', () => {
  const reuse = { prefixCaching: true, blocks: 20, maxSequences: 3 };
  const twins = Array.from({ length: 3 }, () => ({ prompt: 21, output: 2, blocks: [1, 2, 3] }));

  it('the second and third start a step later on its blocks (::DelayDuplicateRequest)', () => {
    const iterations = runLoop(twins, { ...reuse, ...NO_EVICT });
    expect(iterations.map((shares) => shares.map(([request, tokens]) => [request, tokens]))).toEqual([
      [[0, 21]],
      [
        [1, 1],
        [2, 1],
        [0, 1],
      ],
      [
        [1, 1],
        [2, 1],
      ],
    ]);
  });

  it('not so in a static batch (::DelayDuplicateRequest)', () => {
    expect(ran(twins, { ...reuse, ...STATIC })).toEqual(['0-1: 0 1 2']);
  });

  it('until a chunked one is through (::DelayDuplicateRequestChunked)', () => {
    const requests = Array.from({ length: 2 }, () => ({ prompt: 50, output: 40, blocks: [1, 2, 3, 4, 5] }));
    const iterations = runLoop(requests, { ...reuse, ...NO_EVICT, ...chunks(20) });
    expect(stretches(iterations)).toEqual(['0-2: 0', '3-41: 0 1', '42-42: 1']);
    expect(iterations[3][0]).toEqual([1, 10, 50]);
  });

  it('chains of prefixes one block a step (::DelayFiveRequestsComplicated)', () => {
    const requests = [
      { prompt: 11, output: 80, blocks: [1, 2] },
      { prompt: 21, output: 80, blocks: [3, 4, 5] },
      { prompt: 11, output: 80, blocks: [6, 7] },
      { prompt: 21, output: 80, blocks: [6, 8, 9] },
      { prompt: 31, output: 80, blocks: [6, 8, 10, 11] },
    ];
    const iterations = runLoop(requests, { prefixCaching: true, blocks: 100, maxSequences: 5, ...NO_EVICT });
    expect(stretches(iterations)).toEqual(['0-0: 0 1 2', '1-1: 0 1 2 3', '2-79: 0 1 2 3 4', '80-80: 3 4', '81-81: 4']);
    // The third finds one block, the last one finds two.
    expect(iterations[1][0]).toEqual([3, 11, 21]);
    expect(iterations[2][0]).toEqual([4, 11, 31]);
  });
});

describe('micro-batches', () => {
  it('hold max_batch_size requests (microBatchSchedulerTest::SimpleNoOverlap)', () => {
    expect(ran(alike(4, 10, 80), { maxSequences: 2 })).toEqual(['0-79: 0 1', '80-159: 2 3']);
  });

  it('give chunks what generations leave (::SimpleNoOverlapMaxNumTokens)', () => {
    const iterations = runLoop(alike(2, 12, 5), { blockTokens: 5, maxSequences: 2, ...chunks(7) });
    expect(iterations.slice(0, 5).map((shares) => shares.map(([request, tokens]) => [request, tokens]))).toEqual([
      [[0, 5]],
      [[0, 7]],
      [
        [1, 5],
        [0, 1],
      ],
      [
        [1, 5],
        [0, 1],
      ],
      [
        [1, 2],
        [0, 1],
      ],
    ]);
    expect(iterations.length).toBe(9);
  });

  it('end at the first prompt that does not fit (::SimpleMaxNumTokensBW1)', () => {
    const iterations = runLoop(alike(4, 10, 10), { maxSequences: 4, maxBatchedTokens: 12 });
    expect(iterations.slice(0, 4).map((shares) => shares.length)).toEqual([1, 2, 3, 3]);
    expect(iterations.findIndex((shares) => shares.some(([request]) => request === 3))).toBe(10);
  });
});

interface Item {
  readonly prompt?: number;
  readonly reusable?: number;
  readonly drafts?: number;
}

/** Chunks of the contexts chosen, in order of the items, and the number of generations. */
function choose(items: readonly Item[], limits: Partial<MicroBatchLimits>): { chunks: number[]; generations: number } {
  const { contexts, generations } = chooseMicroBatch(
    items,
    {
      isContext: ({ prompt }) => prompt !== undefined,
      restOf: ({ prompt = 0 }) => prompt,
      reusableOf: ({ reusable = 0 }) => reusable,
      draftsOf: ({ drafts = 0 }) => drafts,
    },
    { maxTokens: 8192, maxRequests: 64, chunking: null, ...limits },
  );
  const taken = (item: Item): number => contexts.find((context) => context.item === item)?.tokens ?? 0;
  return { chunks: items.filter(({ prompt }) => prompt !== undefined).map(taken), generations: generations.length };
}

const fcfs = (unit: number): MicroBatchLimits['chunking'] => ({ policy: 'FIRST_COME_FIRST_SERVED', unit });
const equal = (unit: number): MicroBatchLimits['chunking'] => ({ policy: 'EQUAL_PROGRESS', unit });

describe('tokens of a micro-batch', () => {
  it('count the drafts of prompts (::DraftTokensMaxNumTokens)', () => {
    const prompts = Array.from({ length: 4 }, () => ({ prompt: 1024, drafts: 17 }));
    expect(choose(prompts, { maxTokens: 4096 }).chunks).toEqual([1024, 1024, 1024, 0]);
    const later = [...Array.from({ length: 3 }, () => ({ drafts: 17 })), { prompt: 1024, drafts: 17 }];
    expect(choose(later, { maxTokens: 4096 })).toEqual({ chunks: [1024], generations: 3 });
  });

  it('and of generations (::GenDraftTokensMaxNumTokens)', () => {
    const generations = Array.from({ length: 4 }, () => ({ drafts: 63 }));
    expect(choose(generations, { maxTokens: 128 }).generations).toBe(2);
  });

  it('leave out what is cached (::ReusableTokensReduceComputeBudget)', () => {
    expect(choose([{ prompt: 20 }, { prompt: 20 }], { maxTokens: 20 }).chunks).toEqual([20, 0]);
    const cached = { prompt: 20, reusable: 15 };
    expect(choose([cached, { ...cached }], { maxTokens: 20 }).chunks).toEqual([20, 20]);
  });

  it('the same for cut prompts (::ReusableTokensWithChunkedContextFCFS)', () => {
    expect(choose([{ prompt: 20 }], { maxTokens: 15, chunking: fcfs(5) }).chunks).toEqual([15]);
    expect(choose([{ prompt: 20, reusable: 10 }], { maxTokens: 15, chunking: fcfs(5) }).chunks).toEqual([20]);
  });

  it('and for several of them (::ReusableTokens..._OverBudgetMultiRequest)', () => {
    const prompts = Array.from({ length: 3 }, () => ({ prompt: 20, reusable: 15 }));
    expect(choose(prompts, { maxTokens: 7, chunking: fcfs(1) }).chunks).toEqual([20, 2, 0]);
  });

  it('and in equal steps (::ReusableTokensWithChunkedContextEqualProgress)', () => {
    const prompts = Array.from({ length: 2 }, () => ({ prompt: 15, reusable: 10 }));
    expect(choose(prompts, { maxTokens: 3, chunking: equal(1) }).chunks).toEqual([12, 11]);
  });

  it('are one at least (::ReusableTokensNoChunkingMinCostIsOne)', () => {
    expect(choose([{ prompt: 10, reusable: 15 }, { prompt: 10 }], { maxTokens: 10 }).chunks).toEqual([10, 0]);
  });

  it('do not make a chunk of none (::ChunkSizeZeroNotScheduled)', () => {
    expect(choose([{ prompt: 20 }, { prompt: 20 }], { maxTokens: 5, chunking: equal(5) }).chunks).toEqual([5, 0]);
  });

  it('know what is cached (CombinedSchedulerTest::CapacitySchedulerSetsReusableTokensForMicroBatch)', () => {
    const requests = [
      { prompt: 30, output: 1, blocks: [1, 2, 3] },
      { prompt: 5, output: 9, at: 1 },
      { prompt: 30, output: 1, blocks: [1, 2, 3], at: 2 },
      { prompt: 30, output: 1, blocks: [4, 5, 6], at: 2 },
    ];
    // Beside one generation and within 31 tokens, the stored prompt costs 10, and the other one must wait.
    const iterations = runLoop(requests, { prefixCaching: true, maxBatchedTokens: 31 });
    expect(iterations[2]).toEqual([
      [2, 10, 30],
      [1, 1, 0],
    ]);
    expect(iterations[3]).toEqual([
      [3, 30, 30],
      [1, 1, 0],
    ]);
  });
});

it('a prompt that has begun goes on while KV that is to come finds no room', () => {
  const items = [
    { state: 'toLoad', needs: 10, owned: 0 },
    { state: 'context', needs: 0, owned: 4 },
  ] as const;
  const fitting = fitCapacity<(typeof items)[number]>(
    'GUARANTEED_NO_EVICT',
    items,
    8,
    {
      stateOf: ({ state }) => state,
      hasBlocks: ({ owned }) => owned > 0,
      blocksToEnd: ({ needs }) => needs,
      blocksOfStep: () => 0,
      mayPause: () => false,
      newBlock: () => null,
    },
    { freeBlocks: () => 3, pause: () => {} },
  );
  expect(fitting).toEqual([items[1]]);
});
