import { BlockManager } from '../../src/kv/blockManager.ts';
import type { KvLayout } from '../../src/kv/kvLayout.ts';
import type { KvCall } from '../../src/kv/kvManager.ts';
import { PageHold } from '../../src/kv/pageHold.ts';
import { PageNames } from '../../src/kv/pageNames.ts';
import { RunManager } from '../../src/kv/runManager.ts';
import type { KvGroup } from '../../src/timing/kvGroup.ts';

/** Block ids of the prompts; an id stands for all text before it, too. */
const PROMPTS: readonly (readonly number[])[] = [
  [0, 1, 2, 3],
  [0, 1, 2, 3],
  [0, 1, 4, 10],
  [0, 5],
  [6, 7, 8],
  [6, 7],
  [0, 1, 2],
  [9],
];
const GENERATED = 40;
/** Pages of a context that no request reaches the end of. */
const LONG = 1024;

/** How often what was shown. */
export type Seen = Record<string, number>;

/** What one step does with one request; which of its options apply depends on what the request is up to. */
export interface Step {
  readonly request: number;
  readonly act: number;
  readonly tokens: number;
  readonly option: number;
}

const full = (blockTokens: number, dropsLastHit: boolean): KvGroup => ({ kind: 'full', blockTokens, dropsLastHit });
const groupsOf = (page: number, shape: number, window: number, drops: boolean): KvGroup[] => {
  const windowed: KvGroup = { kind: 'window', blockTokens: page, window, dropsLastHit: drops };
  const state: KvGroup = {
    kind: 'state',
    blockTokens: page,
    aligned: true,
    draftBlocks: shape % 2,
    dropsLastHit: drops,
  };
  const chunked: KvGroup = { kind: 'chunked', blockTokens: page, chunk: 2 * page, dropsLastHit: false };
  const small: KvGroup = { kind: 'window', blockTokens: page, window, dropsLastHit: drops };
  const shapes: KvGroup[][] = [
    [full(page, drops)],
    [full(page, drops)],
    [full(page, drops), windowed],
    [full(page, drops), windowed, windowed],
    [full(2 * page, drops), small],
    [windowed],
    [full(page, drops), state],
    [full(page, drops), state, state, state],
    [full(page, drops), full(page, drops), windowed],
    [full(page, false), chunked],
    [full(page, drops), windowed, state],
    [full(page, drops), windowed, { ...windowed, window: 3 * window }],
    [full(page, drops), { ...state, aligned: false, blockTokens: page * LONG }],
  ];
  return shapes[shape];
};

/**
 * The fast manager beside the plain one, each with its own holds, through the lives of a few requests. Throws as soon as they
 * differ in anything that can be seen.
 */
export class ManagerPair {
  readonly block: BlockManager;
  readonly run: RunManager;
  readonly #layout: KvLayout;
  readonly #seen: Seen;
  readonly #prompts: readonly number[];
  /** vLLM's count of aligned states leaves out what a connector brings. */
  readonly #hasStates: boolean;
  /** Per request: what is known and computed, tokens of the last call, and its two holds. */
  readonly #states: { known: number; computed: number; last: number; held: boolean; holds: [PageHold, PageHold] }[];

  constructor(layout: KvLayout, idTokens: number, seen: Seen) {
    this.#layout = layout;
    this.#seen = seen;
    this.#hasStates = layout.groups.some((group) => group.kind === 'state' && group.aligned);
    const offsets = [0];
    for (const ids of PROMPTS) offsets.push(offsets[offsets.length - 1] + ids.length);
    const naming = {
      blockTokens: idTokens,
      blockOffsets: Int32Array.from(offsets),
      blockIds: Int32Array.from(PROMPTS.flat()),
      blockIdCount: 11,
    };
    // Some prompts end inside a block.
    this.#prompts = PROMPTS.map(
      (ids, index) => ids.length * idTokens - (index % 3 === 1 ? Math.floor(idTokens / 2) : 0),
    );
    // Request 0 generates what request 2's next turn might name: names go past its prompt.
    const named = Int32Array.from(this.#prompts);
    const namesOf = (pageTokens: number): PageNames => new PageNames(naming, named, pageTokens);
    this.block = new BlockManager(layout, namesOf);
    this.run = new RunManager(layout, namesOf);
    this.#states = this.#prompts.map((prompt, request) => ({
      known: prompt,
      computed: 0,
      last: 0,
      held: false,
      holds: [new PageHold(request, prompt), new PageHold(request, prompt)],
    }));
  }

  step({ request, act, tokens, option }: Step): void {
    const state = this.#states[request];
    if (act === 0) {
      this.block.startStep();
      this.run.startStep();
    } else if (!state.held) {
      this.#admit(request, tokens, option);
    } else if (act < 5) {
      this.#release(request, act < 3);
    } else {
      this.#compute(request, tokens, option);
    }
    this.compare();
  }

  compare(): void {
    same(this.run.freePages, this.block.freePages);
    same(this.run.evictedPages, this.block.evictedPages);
    for (let request = 0; request < PROMPTS.length; request++) {
      const known = this.#prompts[request] + 5;
      same(this.run.lookup(request, known), this.block.lookup(request, known));
      same(this.run.junction, this.block.junction);
    }
  }

  /** Gives everything back and hands out page by page: whatever order the queue has shows. */
  drain(): void {
    for (const [request, state] of this.#states.entries()) if (state.held) this.#release(request, true);
    this.compare();
    const bare: PageHold[] = [new PageHold(7, 0), new PageHold(7, 0)];
    for (let computed = 0; this.block.freePages > 0 && computed < 60; computed++) {
      const page = Math.max(...this.#layout.groups.map(({ blockTokens }) => blockTokens));
      const call = {
        ...EMPTY,
        known: (computed + 1) * page,
        computed: computed * page,
        tokens: page,
        publishes: false,
      };
      const fits = this.block.allocate(bare[0], call);
      same(this.run.allocate(bare[1], call), fits);
      if (!fits) return;
      this.compare();
    }
  }

  #admit(request: number, tokens: number, option: number): void {
    const state = this.#states[request];
    const reads = option % 8 !== 1;
    const hit = reads ? this.block.lookup(request, state.known) : 0;
    const { junction } = this.block;
    if (reads) same(this.run.lookup(request, state.known), hit);
    const left = state.known - hit;
    const external = option % 8 === 2 && !this.#hasStates ? Math.min(left - 1, tokens) : 0;
    const isAsync = external > 0 && option >= 32;
    const call: KvCall = {
      ...EMPTY,
      known: state.known,
      hit,
      junction: reads && option % 4 !== 3 ? junction : 0,
      external,
      tokens: isAsync ? 0 : Math.min(left - external, tokens),
      gate: option % 2 === 0,
      keepFree: option % 16 === 5 ? 3 : 0,
      publishes: !isAsync,
    };
    if (!this.#both(request, call)) return;
    this.#note('hits', hit > 0);
    this.#note('junctions', call.junction > 0);
    this.#note('remote prompts', external > 0);
    this.#note('reads nothing', !reads);
    state.held = true;
    state.computed = hit + external + call.tokens;
    state.last = call.tokens;
  }

  #compute(request: number, tokens: number, option: number): void {
    const state = this.#states[request];
    if (state.known - state.computed === 0) {
      if (state.known >= this.#prompts[request] + GENERATED) return;
      state.known += 1;
    }
    const isDecode = state.known - state.computed === 1;
    const drafts = isDecode && option % 4 === 0 ? option % 3 : 0;
    const lookahead = option % 4 === 1 ? 3 : 0;
    const isBehind = option % 2 === 1;
    const call: KvCall = {
      ...EMPTY,
      known: state.known,
      computed: state.computed,
      processed: isBehind ? state.computed - state.last : state.computed,
      tokens: isDecode ? 1 + drafts : Math.min(tokens, state.known - state.computed),
      lookahead,
    };
    if (!this.#both(request, call)) return;
    this.#note('drafts', drafts > 0);
    this.#note('lookahead', lookahead > 0);
    this.#note('decodes', isDecode);
    this.#note('batches in flight', isBehind);
    // Rejected drafts: computed goes back.
    state.last = isDecode ? 1 : call.tokens;
    state.computed += state.last;
  }

  #both(request: number, call: KvCall): boolean {
    const [plain, fast] = this.#states[request].holds;
    const evicted = this.block.evictedPages;
    const { freePages } = this.block;
    const fits = this.block.allocate(plain, call);
    same(this.run.allocate(fast, call), fits);
    this.#note('refusals', !fits);
    this.#note('evictions', this.block.evictedPages > evicted);
    this.#note('windows moved on', this.block.freePages > freePages);
    this.#note('second copies found', this.#usesSecondCopy(request));
    return fits;
  }

  /** Some of the request's text was published twice, and what is found now is not what was first. */
  #usesSecondCopy(request: number): boolean {
    return this.block.groups.some((group) => {
      const table = group.table(request);
      return table.some((block, page) => block.key !== null && group.find(request, page) !== block);
    });
  }

  #release(request: number, isFinal: boolean): void {
    const state = this.#states[request];
    this.block.release(state.holds[0]);
    this.run.release(state.holds[1]);
    state.held = false;
    state.computed = 0;
    if (isFinal) state.known = this.#prompts[request];
    this.#note('preemptions', !isFinal);
  }

  #note(what: string, shown: boolean): void {
    if (shown) this.#seen[what] = (this.#seen[what] ?? 0) + 1;
  }
}

const EMPTY: KvCall = {
  known: 0,
  computed: 0,
  processed: 0,
  hit: 0,
  junction: 0,
  external: 0,
  tokens: 0,
  lookahead: 0,
  keepFree: 0,
  gate: false,
  publishes: true,
};

function same<Value>(fast: Value, plain: Value): void {
  if (fast !== plain) throw new Error(`fast ${fast}, plain ${plain}`);
}

/** What a pair is made for. */
export interface World {
  readonly idTokens: number;
  readonly page: number;
  /** Which groups; see `SHAPES`. */
  readonly shape: number;
  readonly window: number;
  readonly drops: boolean;
  readonly blocks: number;
  readonly prefixCaching: boolean;
  readonly unhashedFreedFirst: boolean;
  /** Segments of two blocks; null = dense. */
  readonly retention: number | null;
}

export const SHAPES = 13;
export const REQUESTS = PROMPTS.length;

/** Lives the steps through, then drains the pool; returns what was shown. */
export function live(world: World, steps: readonly Step[]): Seen {
  const groups = groupsOf(world.page, world.shape, world.window, world.drops);
  const segment = 2 * Math.max(...groups.map(({ blockTokens }) => (blockTokens < LONG ? blockTokens : 1)));
  const seen: Seen = {};
  const pair = new ManagerPair(
    {
      groups,
      blocks: world.blocks,
      contextLength: 360,
      inFlightTokens: 24,
      prefixCaching: world.prefixCaching,
      unhashedFreedFirst: world.unhashedFreedFirst,
      retentionTokens: world.retention === null ? null : world.retention * segment,
    },
    world.idTokens,
    seen,
  );
  for (const step of steps) pair.step(step);
  pair.drain();
  const has = (kind: string): boolean => groups.some((group) => group.kind === kind);
  const note = (what: string, shown: boolean): void => {
    if (shown) seen[what] = 1;
  };
  note('one group', groups.length === 1);
  note('several groups', groups.length > 1);
  note('windows', has('window'));
  note('states', has('state'));
  note('one queue for all (before June 2026)', !world.unhashedFreedFirst);
  note(
    'EAGLE',
    groups.some((group) => group.dropsLastHit),
  );
  note('sparse retention', world.retention !== null);
  return seen;
}
