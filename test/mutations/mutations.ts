/** A deliberate mistake in the fast core: `find` occurs exactly once in `file` and is replaced. */
export interface Mutation {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What the mistake is about. */
  readonly why: string;
}

const ENGINE = 'src/engine/vllm/vllmEngine.ts';
const PASS = 'src/engine/pass.ts';
const SET = 'src/engine/decodeSet.ts';
const RUN = 'src/engine/decodeRun.ts';
const PAGES = 'src/engine/sequencePages.ts';
const QUEUE = 'src/engine/admissionQueue.ts';
const POOL = 'src/kv/runPool.ts';
const PEAKS = 'src/engine/gapPeaks.ts';

/** Small mistakes of the kind one really makes; each must be noticed by the comparison with the plain core or by a law. */
export const MUTATIONS: readonly Mutation[] = [
  {
    file: POOL,
    find: `    if (next !== NONE && this.#start[next] < end) this.#letGo(next, end);
    this.#holders[run] -= 1;
    if (this.#holders[run] === 0) this.#enqueue(run);`,
    replace: `    this.#holders[run] -= 1;
    if (this.#holders[run] === 0) this.#enqueue(run);
    if (next !== NONE && this.#start[next] < end) this.#letGo(next, end);`,
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
    find: `    this.#older[run] = this.#newest;
    this.#newer[run] = NONE;
    if (this.#newest === NONE) this.#oldest = run;
    else this.#newer[this.#newest] = run;
    this.#newest = run;`,
    replace: `    this.#older[run] = NONE;
    this.#newer[run] = this.#oldest;
    if (this.#oldest === NONE) this.#newest = run;
    else this.#older[this.#oldest] = run;
    this.#oldest = run;`,
    why: 'eviction order: last released goes first',
  },
  {
    file: POOL,
    find: 'if (this.#segment[run] !== COPY) this.#setPresent(this.#segment[run], this.#end[run]);',
    replace: '',
    why: 'eviction of part of a run leaves its pages to be found',
  },
  {
    file: POOL,
    find: '} else if (this.#presentOf(segment) > from) {',
    replace: '} else if (this.#presentOf(segment) > from + 1) {',
    why: 'copies: the second copy of one page is registered again',
  },
  {
    file: POOL,
    find: '      registered -= this.#end[run] - this.#start[run];\n',
    replace: '',
    why: 'copies: pages of a copy are let go in the segment too',
  },
  {
    file: POOL,
    find: '      this.#end[hold.copyRuns[copies - 1]] += to - from;',
    replace: '      this.#end[hold.copyRuns[copies - 1]] = to - from;',
    why: 'copies: a growing copy forgets its earlier pages',
  },
  {
    file: POOL,
    find: `      const older = this.#older[run];
      this.#older[rest] = older;`,
    replace: `      this.#idlePages -= this.#end[rest] - this.#start[rest];
      this.#enqueue(rest);
      return;
      const older = this.#older[run];
      this.#older[rest] = older;`,
    why: 'eviction order: the tail cut off a hit counts as just used',
  },
  {
    file: POOL,
    find: 'if (last !== NONE && this.#holders[last] === 1) {',
    replace: 'if (last !== NONE && this.#holders[last] >= 1) {',
    why: 'registering extends a run that others hold, too',
  },
  {
    file: POOL,
    find: 'idle += Math.min(this.#end[run], to) - this.#start[run];',
    replace: 'idle += this.#end[run] - this.#start[run];',
    why: 'admission gate: idle pages past the hit count as part of it',
  },
  {
    file: SET,
    find: 'this.#pagesDue[residue(-sequence.clockOffset, this.#pageTokens)] += 1;',
    replace: 'this.#pagesDue[residue(1 - sequence.clockOffset, this.#pageTokens)] += 1;',
    why: 'page-due residue off by one',
  },
  {
    file: SET,
    find: '    this.#pagesDue[residue(-sequence.clockOffset, this.#pageTokens)] -= 1;\n',
    replace: '',
    why: 'page-due residue: whoever leaves goes on taking pages',
  },
  {
    file: SET,
    find: 'if (context < window) passes = Math.min(passes, window - context);',
    replace: 'if (context < window) passes = Math.min(passes, window - context + 1);',
    why: 'window crossing: the run goes one pass too far',
  },
  {
    file: SET,
    find: 'if (context < window) this.belowWindow += 1;',
    replace: 'if (context <= window) this.belowWindow += 1;',
    why: 'window crossing: a context as long as the window still grows',
  },
  {
    file: SET,
    find: 'passes = Math.min(passes, sequence.finishClock - this.clock);',
    replace: 'passes = Math.min(passes, sequence.finishClock - this.clock + 1);',
    why: 'horizon: the run goes on past the first finish',
  },
  {
    file: RUN,
    find: 'if (free < 0) break;',
    replace: 'if (free < -1) break;',
    why: 'horizon: the run goes on one page past the last free one',
  },
  {
    file: RUN,
    find: 'Math.min(passes, LONGEST_RUN)',
    replace: 'Math.min(passes, LONGEST_RUN + 1)',
    why: 'horizon: one more pass than there is room to plan',
  },
  {
    file: ENGINE,
    find: 'this.#blocked = this.#queue.isWaiting;',
    replace: 'this.#blocked = true;',
    why: 'blocked flag: newcomers to an empty queue do not interrupt',
  },
  {
    file: ENGINE,
    find: 'if (pass.endNs >= nowNs) break;',
    replace: 'if (pass.endNs > nowNs) break;',
    why: 'interrupt at equal time: the next batch is formed before what happens now',
  },
  {
    file: ENGINE,
    find: `        this.#expect(this.#pass.endNs, PASS_END);
        return;`,
    replace: '        return;',
    why: 'interrupt: the run goes on to the end that was planned',
  },
  {
    file: ENGINE,
    find: '      this.#run.cancel();\n',
    replace: '',
    why: 'interrupt at equal time: the old plan survives the interruption',
  },
  {
    file: ENGINE,
    find: '    if (pages > 0) this.#pages.allocate(pages);\n',
    replace: '',
    why: 'a run takes no pages',
  },
  {
    file: PASS,
    find: 'this.#decodeNs = Math.min(aloneNs, durationNs);',
    replace: 'this.#decodeNs = durationNs;',
    why: 'attribution: decodes own the whole of a mixed pass',
  },
  {
    file: SET,
    find: '    this.#interferenceNs += durationNs - decodeNs;\n',
    replace: '',
    why: 'attribution: interference is lost',
  },
  {
    file: PEAKS,
    find: 'if (this.#pass[middle] >= from) high = middle;',
    replace: 'if (this.#pass[middle] > from) high = middle;',
    why: 'gap peaks: the first pass is not among the last ones',
  },
  {
    file: PEAKS,
    find: 'while (this.#size > 0 && this.#ns[this.#size - 1] <= ns) this.#size -= 1;',
    replace: 'if (this.#size > 0 && this.#ns[this.#size - 1] <= ns) this.#size -= 1;',
    why: 'gap peaks: a long pass hides only one shorter one',
  },
  {
    file: SET,
    find: 'sequence.firstDecodePass = this.#settledPasses + 1;',
    replace: 'sequence.firstDecodePass = this.#settledPasses;',
    why: 'gap peaks: the pass of the first token counts as a gap',
  },
  {
    file: ENGINE,
    find: '      budget -= this.#decoding.count;\n',
    replace: '',
    why: 'budget: decodes are free',
  },
  {
    file: ENGINE,
    find: 'budget -= admitted;',
    replace: 'budget -= Math.min(admitted, 1);',
    why: 'budget: a new prompt takes one token of it',
  },
  {
    file: PAGES,
    find: 'return missing + this.#pool.idleAmong(request, hit) <= this.#pool.freePages;',
    replace: 'return missing <= this.#pool.freePages;',
    why: 'admission gate: hits that nobody holds cost nothing',
  },
  {
    file: ENGINE,
    find: 'if (!this.#pages.fits(request, hit, inputTokens)) return -1;',
    replace: 'if (this.#pages.missing(sequence, inputTokens) - hit > this.#pages.free) return -1;',
    why: 'reservation gate: hits that nobody holds cost nothing',
  },
  {
    file: PAGES,
    find: 'Math.floor((knownTokens - 1) / this.pageTokens)',
    replace: 'Math.floor(knownTokens / this.pageTokens)',
    why: 'lookup bound: a full hit leaves nothing to compute',
  },
  {
    file: ENGINE,
    find: 'return this.#pages.lookup(request, this.#table.inputTokens[request]) * this.#pages.pageTokens;',
    replace: 'return this.#pages.lookup(request, this.#table.inputTokens[request] + 1) * this.#pages.pageTokens;',
    why: 'lookup bound: the router sees a full hit as free',
  },
  {
    file: ENGINE,
    find: 'this.#pages.publish(sequence, end);',
    replace: 'this.#pages.publish(sequence, sequence.computed);',
    why: 'publishing waits for the pass to end',
  },
  {
    file: ENGINE,
    find: 'const victim = this.#running.pop()!;',
    replace: 'const victim = this.#running.shift()!;',
    why: 'preemption victim: the first admitted',
  },
  {
    file: QUEUE,
    find: 'this.#waiting.pushFront(sequence);',
    replace: 'this.#waiting.pushBack(sequence);',
    why: 'preemption: back to the end of the queue',
  },
  {
    file: SET,
    find: 'sequence.owned = Math.ceil(computed / this.#pageTokens);',
    replace: 'sequence.owned = Math.floor(computed / this.#pageTokens) + 1;',
    why: 'preemption: gives back the page it did not get',
  },
  {
    file: ENGINE,
    find: 'if (!preempted && this.#queue.size > 0) this.#admit(budget, nowNs);',
    replace: 'if (this.#queue.size > 0) this.#admit(budget, nowNs);',
    why: 'preemption: admits in the same step',
  },
  {
    file: ENGINE,
    find: 'sequence.regainTokens = sequence.knownTokens;',
    replace: 'sequence.regainTokens = sequence.knownTokens - 1;',
    why: 'regain: the token lost with the eviction is not counted',
  },
  {
    file: ENGINE,
    find: 'if (sequence.evictedNs < 0) sequence.evictedNs = nowNs;',
    replace: 'sequence.evictedNs = nowNs;',
    why: 'regain: a second eviction forgets the first',
  },
  {
    file: ENGINE,
    find: '      sequence.lastTokenNs = nowNs;\n',
    replace: '',
    why: 'preemption: the gap across an eviction has no beginning',
  },
  {
    file: QUEUE,
    find: 'this.tokens -= this.#waiting.popFront().knownTokens;',
    replace: 'this.#waiting.popFront();',
    why: 'router: admitted prompts still count as queued',
  },
  {
    file: QUEUE,
    find: 'return this.#waiting.size + this.#remote.length;',
    replace: 'return this.#waiting.size;',
    why: 'router: requests waiting for remote KV do not count',
  },
  {
    file: PASS,
    find: '    this.#alone.clear();\n',
    replace: '',
    why: 'attribution: a chunk alone is timed with the chunks before it',
  },
  {
    file: ENGINE,
    find: 'loaded.computed = loaded.inputTokens - 1;',
    replace: 'loaded.computed = loaded.inputTokens - 2;',
    why: 'remote prompts compute one token more than the last',
  },
  {
    file: ENGINE,
    find: '      if (sequence.contested) this.#pages.publish(sequence, computed + 1);\n',
    replace: '',
    why: 'contested text is published when its sequence stops',
  },
  {
    file: ENGINE,
    find: 'if (sequence.contested) this.#pages.publish(sequence, computed + 1);',
    replace: 'if (sequence.contested) this.#pages.publish(sequence, computed);',
    why: 'contested text is published one pass late',
  },
  {
    file: ENGINE,
    find: 'const passes = set.contested > 0 ? 0 : ',
    replace: 'const passes = ',
    why: 'horizon: a run publishes no contested text',
  },
  {
    file: SET,
    find: '    if (sequence.contested) this.contested -= 1;\n',
    replace: '    this.contested = 0;\n',
    why: 'contested text is forgotten when anyone stops',
  },
  {
    file: PASS,
    find: 'const gaps = decoding.count - this.joining.length;',
    replace: 'const gaps = decoding.count;',
    why: 'remote prompts: the first token has a gap before it',
  },
  {
    file: PASS,
    find: 'return this.chunks.length === 0 && this.joining.length === 0;',
    replace: 'return this.chunks.length === 0;',
    why: 'remote prompts: a run swallows the first token',
  },
  {
    file: ENGINE,
    find: '      this.#decoding.markFirstToken(sequence, this.#log);\n',
    replace: '',
    why: 'remote prompts: the pass of the first token counts as after it',
  },
];
