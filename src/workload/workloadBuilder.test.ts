import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Workload } from './workload.ts';
import { WorkloadBuilder, type WorkloadRow } from './workloadBuilder.ts';

function build(rows: readonly WorkloadRow[], blockTokens = 4): Workload {
  const builder = new WorkloadBuilder('test', blockTokens);
  for (const row of rows) builder.add(row);
  return builder.build();
}

function idsOf(workload: Workload, request: number): number[] {
  return Array.from(workload.blockIds.subarray(workload.blockOffsets[request], workload.blockOffsets[request + 1]));
}

function commonPrefix(one: ArrayLike<unknown>, other: ArrayLike<unknown>): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1;
  return length;
}

const rawId = fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, -1));

describe('block ids', () => {
  it('share prefixes exactly as the raw ids do, count densely, in order of first appearance', () => {
    fc.assert(
      fc.property(fc.array(fc.array(rawId, { maxLength: 6 }), { minLength: 1, maxLength: 20 }), (lists) => {
        const workload = build(
          lists.map((blockIds) => ({
            arrivalNs: 0,
            inputTokens: Math.max(1, blockIds.length * 4),
            outputTokens: 1,
            blockIds,
          })),
        );
        const renumbered = lists.map((_, request) => idsOf(workload, request));
        for (let i = 0; i < lists.length; i++) {
          for (let j = 0; j < lists.length; j++) {
            expect(commonPrefix(renumbered[i], renumbered[j])).toBe(commonPrefix(lists[i], lists[j]));
          }
        }
        let seen = 0;
        for (const id of renumbered.flat()) {
          expect(id).toBeLessThanOrEqual(seen);
          if (id === seen) seen += 1;
        }
        expect(workload.blockIdCount).toBe(seen);
        // A node has one place: ids at different depths never meet.
        const depths = new Map<number, number>();
        for (const ids of renumbered) {
          ids.forEach((id, depth) => {
            expect(depths.get(id) ?? depth).toBe(depth);
            depths.set(id, depth);
          });
        }
      }),
    );
  });

  it('are the same after relabelling every raw id', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat({ max: 5 }), { maxLength: 5 }), { minLength: 1 }), (lists) => {
        const rows = (label: (id: number) => number) =>
          lists.map((ids) => ({ arrivalNs: 0, inputTokens: 20, outputTokens: 3, blockIds: ids.map(label) }));
        expect(build(rows((id) => id)).digest).toBe(build(rows((id) => 1e12 - 7 * id)).digest);
      }),
    );
  });

  it('survive growth of every table: 20,000 requests of distinct and shared blocks', () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({
      arrivalNs: i,
      inputTokens: 12,
      outputTokens: 1,
      blockIds: [i % 7, 1_000_000 + i, 5],
    }));
    const workload = build(rows);
    expect(workload.blockIdCount).toBe(7 + 20_000 * 2);
    expect(idsOf(workload, 0)).toEqual([0, 1, 2]);
    expect(idsOf(workload, 7)[0]).toBe(0);
    expect(new Set(Array.from({ length: 20_000 }, (_, i) => idsOf(workload, i)[2])).size).toBe(20_000);
  });
});

describe('order and sessions', () => {
  it('sorts stably by arrival and starts the clock at the first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1 }), (arrivals) => {
        const workload = build(arrivals.map((arrivalNs, i) => ({ arrivalNs, inputTokens: i + 1, outputTokens: 1 })));
        const sorted = arrivals.map((time, i) => ({ time, i })).sort((a, b) => a.time - b.time || a.i - b.i);
        expect(Array.from(workload.inputTokens)).toEqual(sorted.map(({ i }) => i + 1));
        expect(Array.from(workload.arrivalNs)).toEqual(sorted.map(({ time }) => time - sorted[0].time));
      }),
    );
  });

  it('links turns, with the given delay or else the authored difference', () => {
    const workload = build([
      { arrivalNs: 100, inputTokens: 1, outputTokens: 1, session: 'a' },
      { arrivalNs: 150, inputTokens: 2, outputTokens: 1 },
      { arrivalNs: 130, inputTokens: 3, outputTokens: 1, session: 'b' },
      { arrivalNs: 170, inputTokens: 4, outputTokens: 1, session: 'a' },
      { arrivalNs: 900, inputTokens: 5, outputTokens: 1, session: 'a', thinkNs: 7 },
      { inputTokens: 6, outputTokens: 1, session: 'b', thinkNs: 9 },
    ]);
    expect(Array.from(workload.inputTokens)).toEqual([1, 3, 6, 2, 4, 5]);
    expect(Array.from(workload.nextTurn)).toEqual([4, 2, -1, -1, 5, -1]);
    expect(Array.from(workload.isFollowUp)).toEqual([0, 0, 1, 0, 1, 1]);
    expect(Array.from(workload.thinkNs)).toEqual([0, 0, 9, 0, 70, 7]);
    expect(Array.from(workload.arrivalNs)).toEqual([0, 30, -1, 50, -1, -1]);
  });

  it('keeps every session in a chain that only moves forward, each follow-up named once', () => {
    const row = fc.record({ arrivalNs: fc.nat({ max: 20 }), session: fc.constantFrom(undefined, 'a', 'b', 'c') });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 30 }), (rows) => {
        const workload = build(
          rows.map(({ arrivalNs, session }) => ({
            arrivalNs,
            inputTokens: 1,
            outputTokens: 1,
            ...(session === undefined ? {} : { session }),
          })),
        );
        const followed = new Set<number>();
        for (let i = 0; i < workload.count; i++) {
          const next = workload.nextTurn[i];
          if (next < 0) continue;
          expect(next).toBeGreaterThan(i);
          expect(workload.isFollowUp[next]).toBe(1);
          expect(followed.has(next)).toBe(false);
          followed.add(next);
        }
        const followUps = workload.isFollowUp.reduce((sum, flag) => sum + flag, 0);
        expect(followed.size).toBe(followUps);
        const sessions = ['a', 'b', 'c'].map((name) => rows.filter(({ session }) => session === name).length);
        expect(followUps).toBe(sessions.reduce((sum, turns) => sum + Math.max(0, turns - 1), 0));
      }),
    );
  });
});

const BLOCK = 4;

/** A conversation as the tokens it is made of: a turn's prompt is the text so far plus new tokens, or a cut of it. */
const conversation = fc.record({
  system: fc.constantFrom('', 'AAAAAAAAA', 'AAAABBBB'),
  turns: fc.array(
    fc.record({
      user: fc.string({ minLength: 1, maxLength: 7, unit: fc.constantFrom('u', 'v') }),
      answer: fc.string({ minLength: 1, maxLength: 9, unit: fc.constantFrom('x', 'y') }),
      /** Above 0: instead of adding input, the client has the last answer written anew from so many tokens before its end. */
      rewinds: fc.constantFrom(0, 0, 0, 1, 2),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

interface Turn {
  readonly session: string;
  readonly prompt: string;
  readonly text: string;
  readonly isLast: boolean;
}

/** Every block's name is the text it ends: what a trace recorder hashes, the partial last block included. */
function nameBlocks(prompt: string, names: Map<string, number>): number[] {
  const ids: number[] = [];
  for (let end = BLOCK; end < prompt.length + BLOCK; end += BLOCK) {
    const key = prompt.slice(0, end);
    if (!names.has(key)) names.set(key, names.size);
    ids.push(names.get(key)!);
  }
  return ids;
}

describe('generated text', () => {
  it('is named by the next turn: ids agree only where texts do, and wherever whole named blocks do', () => {
    fc.assert(
      fc.property(fc.array(conversation, { minLength: 1, maxLength: 4 }), (conversations) => {
        const turns: Turn[] = conversations.flatMap(({ system, turns: authored }, session) => {
          let text = system;
          return authored.map(({ user, answer, rewinds }, i) => {
            const prompt = i > 0 && rewinds > 0 ? text.slice(0, Math.max(text.length - rewinds, 1)) : text + user;
            text = prompt + answer;
            return { session: `${session}`, prompt, text, isLast: i === authored.length - 1 };
          });
        });
        const names = new Map<string, number>();
        const workload = build(
          turns.map(({ session, prompt, text }) => ({
            arrivalNs: 0,
            session,
            inputTokens: prompt.length,
            outputTokens: text.length - prompt.length,
            blockIds: nameBlocks(prompt, names),
          })),
          BLOCK,
        );
        checkIdsAgainstTexts(workload, turns);
      }),
      { numRuns: 1000 },
    );
  });

  it('is not named by a next turn that starts over', () => {
    const workload = build([
      { arrivalNs: 0, inputTokens: 8, outputTokens: 8, session: 'a', blockIds: [1, 2] },
      { arrivalNs: 1, inputTokens: 16, outputTokens: 1, session: 'a', blockIds: [1, 3, 4, 5] },
    ]);
    expect(idsOf(workload, 0)).toEqual([0, 1]);
    expect(idsOf(workload, 1)).toEqual([0, 2, 3, 4]);
  });
});

function checkIdsAgainstTexts(workload: Workload, turns: readonly Turn[]): void {
  // How far the trace can know a turn's text: its prompt, and of its answer what the next prompt repeats.
  const known = turns.map(({ prompt, text }, i) => {
    const next = workload.nextTurn[i];
    return next < 0 ? prompt.length : Math.max(prompt.length, commonPrefix(text, turns[next].prompt));
  });
  // Ids name the prompt and whole blocks of the answer, or all of it: what follows in the block a prompt ends in has no name.
  const named = turns.map(({ prompt, text }, i) =>
    known[i] === text.length ? known[i] : Math.max(prompt.length, known[i] - (known[i] % BLOCK)),
  );
  for (let i = 0; i < turns.length; i++) {
    const { prompt, text } = turns[i];
    const ids = idsOf(workload, i);
    const whole = known[i] === text.length && known[i] > prompt.length;
    expect(ids.length).toBe(
      Math.max(Math.ceil(prompt.length / BLOCK), (whole ? Math.ceil : Math.floor)(known[i] / BLOCK)),
    );
    for (let j = 0; j < turns.length; j++) {
      const shared = commonPrefix(ids, idsOf(workload, j));
      const sharedText = commonPrefix(text.slice(0, known[i]), turns[j].text.slice(0, known[j]));
      expect(sharedText).toBeGreaterThanOrEqual(Math.min(shared * BLOCK, named[i], named[j]));
      expect(shared).toBeGreaterThanOrEqual(Math.floor(sharedText / BLOCK));
    }
    // The next turn finds the whole of this one cached when it repeats it, the block it ends in included.
    if (whole) expect(commonPrefix(ids, idsOf(workload, workload.nextTurn[i]))).toBe(ids.length);
  }
}

describe('the finished workload', () => {
  const rows: WorkloadRow[] = [
    { arrivalNs: 0, inputTokens: 8, outputTokens: 2, blockIds: [1, 2] },
    { arrivalNs: 5, inputTokens: 8, outputTokens: 2, maxOutputTokens: 9, className: 'bulk' },
  ];

  it('is frozen, lies on shared memory, and knows its classes', () => {
    const workload = build(rows);
    expect(Object.isFrozen(workload)).toBe(true);
    expect(workload.arrivalNs.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(workload.classNames).toEqual(['default', 'bulk']);
    expect(Array.from(workload.classOf)).toEqual([0, 1]);
    expect(Array.from(workload.maxOutputTokens)).toEqual([2, 9]);
  });

  it('has priorities where a row states one, in the order of the requests', () => {
    expect(build(rows).priorities).toBeUndefined();
    const [first, second] = rows;
    expect(Array.from(build([{ ...second, priority: -4 }, first]).priorities!)).toEqual([0, -4]);
  });

  it('changes its digest with anything that can change a simulation, and with nothing else', () => {
    const digest = build(rows).digest;
    expect(build(rows.map((row) => ({ ...row, arrivalNs: row.arrivalNs! + 77 }))).digest).toBe(digest);
    const changes: Partial<WorkloadRow>[] = [
      { arrivalNs: 6 },
      { inputTokens: 9 },
      { outputTokens: 3 },
      { maxOutputTokens: 10 },
      { className: 'other' },
      { priority: 1 },
      { blockIds: [1, 2] },
    ];
    const digests = changes.map((change) => build([rows[0], { ...rows[1], ...change }]).digest);
    expect(new Set([digest, ...digests, build(rows, 5).digest]).size).toBe(changes.length + 2);
  });

  it('refuses rows outside the contract as bugs', () => {
    for (const change of [
      { inputTokens: 0 },
      { outputTokens: 0.5 },
      { maxOutputTokens: 1 },
      { inputTokens: 2 ** 31 },
    ]) {
      expect(() => build([{ ...rows[0], ...change }])).toThrow(/request with/);
    }
    expect(() => build([{ inputTokens: 1, outputTokens: 1 }])).toThrow(/arrival/);
    expect(() => build([{ inputTokens: 1, outputTokens: 1, session: 'a' }])).toThrow(/first turn/);
  });
});
