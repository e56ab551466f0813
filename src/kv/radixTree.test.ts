import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WorkloadBuilder } from '../workload/workloadBuilder.ts';
import { PageNames } from './pageNames.ts';
import { type PlainNode, PlainRadixTree } from './plainRadixTree.ts';
import { RadixTree } from './radixTree.ts';

/** Requests whose ids are paths in a small tree of blocks; their prompts may end inside a block, or past all names. */
const requests = fc.array(
  fc.record({
    path: fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 5 }),
    unnamedTokens: fc.integer({ min: 0, max: 20 }),
    cutTokens: fc.integer({ min: 0, max: 7 }),
  }),
  { minLength: 1, maxLength: 8 },
);
const step = fc.record({
  kind: fc.constantFrom('match', 'peek', 'insert', 'insert', 'hold', 'release', 'evict'),
  request: fc.nat(7),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('the radix tree on block ids', () => {
  it('does what the tree of single pages does, whatever the page and block size', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 2, 3, 4, 8),
        fc.constantFrom(1, 3, 4, 8),
        requests,
        fc.array(step, { maxLength: 60 }),
        (pageTokens, blockTokens, drawn, steps) => {
          const names = namesOf(pageTokens, blockTokens, drawn);
          const fast = new RadixTree(names.names);
          const plain = new PlainRadixTree(names.names);
          const held: [number, PlainNode][] = [];
          for (const { kind, request: draw, share } of steps) {
            const request = draw % drawn.length;
            const pages = Math.round(share * names.mostPages(request));
            if (kind === 'match') expect(fast.match(request, pages)).toBe(plain.match(request, pages));
            if (kind === 'peek') expect(fast.peek(request, pages)).toBe(plain.peek(request, pages));
            if (kind === 'insert' || kind === 'hold') {
              fast.insert(request, pages);
              plain.insert(request, pages);
            }
            if (kind === 'hold') {
              fast.lock(fast.matched);
              plain.lock(plain.matched);
              held.push([fast.matched, plain.matched]);
            }
            if (kind === 'release' && held.length > 0) {
              const [fastNode, plainNode] = held.splice(draw % held.length, 1)[0];
              fast.unlock(fastNode);
              plain.unlock(plainNode);
            }
            if (kind === 'evict') {
              fast.evict(pages);
              plain.evict(pages);
            }
            expect(sizesOf(fast)).toEqual(sizesOf(plain));
            for (let other = 0; other < drawn.length; other++) {
              const most = names.mostPages(other);
              expect(fast.peek(other, most)).toBe(plain.peek(other, most));
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('orders siblings alike, as depth-first policies ask for it', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 3), requests, fc.array(step, { maxLength: 40 }), (pageTokens, drawn, steps) => {
        const names = namesOf(pageTokens, 4, drawn);
        const fast = new RadixTree(names.names);
        const plain = new PlainRadixTree(names.names);
        for (const { kind, request: draw, share } of steps) {
          const request = draw % drawn.length;
          const pages = Math.round(share * names.mostPages(request));
          for (const tree of [fast, plain]) {
            if (kind === 'evict') tree.evict(pages);
            else tree.insert(request, pages);
          }
        }
        for (let request = 0; request < drawn.length; request++) {
          const most = names.mostPages(request);
          fast.match(request, most);
          plain.match(request, most);
          expect(bornOnPath(fast, fast.matched)).toEqual(bornOnPath(plain, plain.matched));
        }
      }),
      { numRuns: 200 },
    );
  });
});

function sizesOf({ pages, evictablePages, evictedPages }: RadixTree | PlainRadixTree) {
  return { pages, evictablePages, evictedPages };
}

function bornOnPath<Node>(
  tree: { parentOf(node: Node): Node | null; bornOf(node: Node): number },
  from: Node,
): number[] {
  const born: number[] = [];
  for (let node: Node | null = from; node !== null && tree.parentOf(node) !== null; node = tree.parentOf(node)) {
    born.push(tree.bornOf(node));
  }
  return born;
}

function namesOf(
  pageTokens: number,
  blockTokens: number,
  drawn: readonly { path: number[]; unnamedTokens: number; cutTokens: number }[],
) {
  const builder = new WorkloadBuilder('tree', blockTokens);
  for (const { path, unnamedTokens, cutTokens } of drawn) {
    const named = Math.max(path.length * blockTokens - Math.min(cutTokens, blockTokens - 1), 0);
    // A block's id tells its place: the path up to it, as digits.
    const blockIds = path.map((_, index) => path.slice(0, index + 1).reduce((id, digit) => id * 4 + digit + 1, 0));
    const whole = named === path.length * blockTokens;
    builder.add({
      arrivalNs: 0,
      inputTokens: Math.max(1, named + (whole ? unnamedTokens : 0)),
      outputTokens: 1,
      ...(path.length > 0 ? { blockIds } : {}),
    });
  }
  const workload = builder.build();
  const covered = workload.inputTokens.map((tokens, request) => {
    const blocks = workload.blockOffsets[request + 1] - workload.blockOffsets[request];
    return Math.min(tokens, blocks * blockTokens);
  });
  const names = new PageNames(workload, covered, pageTokens);
  // A few pages of generated text that nobody names.
  const mostPages = (request: number): number => Math.floor((workload.inputTokens[request] + 10) / pageTokens);
  return { names, mostPages };
}
