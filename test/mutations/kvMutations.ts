import type { Mutation } from './mutation.ts';

const QUEUE = 'src/kv/freeQueue.ts';
const POOL = 'src/kv/runPool.ts';
const SEGMENTS = 'src/kv/segmentRuns.ts';
const COPIES = 'src/kv/segmentCopies.ts';
const GROUP = 'src/kv/pageGroup.ts';
const MANAGER = 'src/kv/runManager.ts';

/** Small mistakes in the fast KV manager; the comparison with the plain one must notice each. */
export const KV_MUTATIONS: readonly Mutation[] = [
  {
    file: POOL,
    find: `    if (next !== NONE && runs.start[next] < end) this.#letGo(next, end);
    runs.holders[run] -= 1;
    if (runs.holders[run] === 0) this.#queue.push(run);`,
    replace: `    runs.holders[run] -= 1;
    if (runs.holders[run] === 0) this.#queue.push(run);
    if (next !== NONE && runs.start[next] < end) this.#letGo(next, end);`,
    why: 'release order: first pages of a segment queue for eviction before its last',
  },
  {
    file: POOL,
    find: `    if (published > named) this.#releaseSegment(hold, names.privateSegment(request), published - named);
    let end = named;`,
    replace: '    let end = named;',
    why: 'release: the private tail is never given back',
  },
  {
    file: POOL,
    find: 'else if (this.#runs.following[run] === NONE) this.#segments.setPresent(segment, this.#runs.end[run]);',
    replace: 'else if (this.#runs.following[run] === NONE) return;',
    why: 'eviction of part of a run leaves its pages to be found',
  },
  {
    file: POOL,
    find: 'if (last !== NONE && this.#runs.holders[last] === 1) {',
    replace: 'if (last !== NONE && this.#runs.holders[last] >= 1) {',
    why: 'registering extends a run that others hold, too',
  },
  {
    file: POOL,
    find: 'idle += Math.min(end[run], to) - start[run];',
    replace: 'idle += end[run] - start[run];',
    why: 'admission gate: idle pages past the hit count as part of it',
  },
  {
    file: POOL,
    find: '    if (present > from) this.#segments.tangle(segment);\n',
    replace: '    if (present > from) return;\n',
    why: 'copies: a second copy is never found',
  },
  {
    file: POOL,
    find: '    this.#queue.giveBack(owned - published);\n',
    replace: '',
    why: 'release: scratch pages are lost',
  },
  {
    file: QUEUE,
    find: `    older[run] = this.#newest;
    newer[run] = NONE;
    if (this.#newest === NONE) this.#oldest = run;
    else newer[this.#newest] = run;
    this.#newest = run;`,
    replace: `    older[run] = NONE;
    newer[run] = this.#oldest;
    if (this.#oldest === NONE) this.#newest = run;
    else older[this.#oldest] = run;
    this.#oldest = run;`,
    why: 'eviction order: last released goes first',
  },
  {
    file: QUEUE,
    find: '    if (this.#scratchFirst || pages === 0) {',
    replace: '    if (pages >= 0) {',
    why: 'old free queue: scratch goes to the front',
  },
  {
    file: QUEUE,
    find: 'if (newest !== NONE && runs.owner[newest] === BLANK) {',
    replace: 'if (newest !== NONE && runs.owner[newest] !== BLANK) {',
    why: 'old free queue: scratch is taken for cached pages',
  },
  {
    file: QUEUE,
    find: `    older[rest] = before;
    newer[rest] = run;
    if (before === NONE) this.#oldest = rest;
    else newer[before] = rest;
    older[run] = rest;`,
    replace: `    this.#queuedPages -= this.runs.end[rest] - this.runs.start[rest];
    this.push(rest);
    void before;`,
    why: 'eviction order: the tail cut off a hit counts as just used',
  },
  {
    file: QUEUE,
    find: '      if (owner !== null) this.evictedPages += length;',
    replace: '      this.evictedPages += length;',
    why: 'old free queue: scratch that is taken again counts as evicted',
  },
  {
    file: SEGMENTS,
    find: '    if (this.isTangled(segment)) return TANGLED;\n',
    replace: '',
    why: 'copies: private text forgets that it has them',
  },
  {
    file: COPIES,
    find: '      if (runs.strand[run] > 0) note(hold, segment, runs.strand[run], page, end);\n',
    replace: '',
    why: 'copies: a hit on one is given back to another',
  },
  {
    file: COPIES,
    find: 'this.#segments.link(segment, this.#segments.last(segment), run);',
    replace: 'this.#segments.link(segment, NONE, run);',
    why: 'copies: the last published is found first',
  },
  {
    file: COPIES,
    find: '      if (runs.start[run] < page) run = this.split(segment, run, page);\n',
    replace: '',
    why: 'copies: a hit on the later part of one holds all of it',
  },
  {
    file: COPIES,
    find: '      if (holders[run] === 0) idle += end - page;',
    replace: '      idle += end - page;',
    why: 'copies: held pages count as idle at admission',
  },
  {
    file: COPIES,
    find: 'if (isFree && !this.#overlaps(segment, 0, runs.start[run], runs.end[run])) runs.strand[run] = 0;',
    replace: 'if (isFree) runs.strand[run] = 0;',
    why: 'copies: two become one while both are there',
  },
  {
    file: GROUP,
    find: 'for (let page = skipped - 1; page >= 0 && table[page] !== ABSENT; page--) this.#drop(table, page);',
    replace: 'for (let page = 0; page < skipped; page++) this.#drop(table, page);',
    why: 'windows: the first pages behind them are freed first',
  },
  {
    file: GROUP,
    find: 'return fresh + this.#idleAmong(hold.request, Math.max(hitFrom, skipped), hit);',
    replace: 'return fresh;',
    why: 'windows: idle hits cost nothing',
  },
  {
    file: GROUP,
    find: '    if (capped) required = Math.min(required, this.#cap);\n',
    replace: '',
    why: 'windows: admission asks for pages behind the window',
  },
  {
    file: GROUP,
    find: 'else if (run > 0 || isAligned(drops ? from : from + 1)) run += 1;',
    replace: 'else run += 1;',
    why: 'windows: a hit ends between block boundaries of the other groups',
  },
  {
    file: GROUP,
    find: '        if (!has(from)) run = 0;\n',
    replace: '        if (!has(from)) continue;\n',
    why: 'windows: a hit has a hole',
  },
  {
    file: GROUP,
    find: `    while (following[last] !== NONE) last = following[last];
    following[last] = run;
    return run;`,
    replace: `    following[run] = last;
    this.#cached.set(name, run);
    return run;`,
    why: 'windows: the last published copy is found first',
  },
  {
    file: GROUP,
    find: "    if (this.spec.kind === 'state') this.#fresh.add(name);\n",
    replace: '',
    why: 'states: a request starts from a state that is being computed',
  },
  {
    file: GROUP,
    find: 'if (pages.lastState >= 0 && pages.lastState < Math.ceil(processed / spec.blockTokens) - 1) {',
    replace: 'if (pages.lastState >= 0 && pages.lastState < Math.ceil(processed / spec.blockTokens)) {',
    why: 'states: the last one is given back while it is copied from',
  },
  {
    file: MANAGER,
    find: '    if (longest > candidate) this.junction = longest;\n',
    replace: '',
    why: 'junctions are not noticed',
  },
  {
    file: MANAGER,
    find: "const limit = drops && spec.kind !== 'state' ? Math.min(current + spec.blockTokens, most) : current;",
    replace: 'const limit = current;',
    why: 'EAGLE: every group gives up a block of its own',
  },
  {
    file: MANAGER,
    find: "      const past = dropsLastHit && kind !== 'state' && aligned > 0 ? blockTokens : 0;",
    replace: '      const past = 0;',
    why: 'EAGLE: the block to give up is not published',
  },
  {
    file: MANAGER,
    find: '    if (call.publishes) this.publish(hold, Math.min(computed + call.tokens, call.known));',
    replace: '    if (call.publishes) this.publish(hold, computed + call.tokens);',
    why: 'drafts are published',
  },
];
