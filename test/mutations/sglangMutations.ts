import type { Mutation } from './mutation.ts';

const SCHEDULER = 'src/engine/sglang/sglangScheduler.ts';
const DECODE = 'src/engine/sglang/decode.ts';
const PREFILL = 'src/engine/sglang/prefill.ts';
const RETRACTION = 'src/engine/sglang/retraction.ts';
const STATE = 'src/engine/sglang/rankState.ts';
const LOOP = 'src/engine/sglang/eventLoop.ts';
const PREBUILT = 'src/engine/sglang/prebuilt.ts';
const RUNNING = 'src/engine/sglang/runningBatch.ts';
const PAGES = 'src/engine/sglang/radixPages.ts';
const SLOT = 'src/engine/sglang/slot.ts';
const ROOM = 'src/engine/sglang/decodeRoom.ts';
const NAMES = 'src/kv/pageNames.ts';
const POLL = 'src/engine/sglang/poll.ts';
const TREE = 'src/kv/radixTree.ts';
const HEAP = 'src/kv/leafHeap.ts';
const BATCH = 'src/engine/batch.ts';
const TIMES = 'src/engine/decodeTimes.ts';

/** Small mistakes in SGLang's fast core and its tree; the plain core or a law must notice each. */
export const SGLANG_MUTATIONS: readonly Mutation[] = [
  {
    file: SCHEDULER,
    find: 'const mayAdmit = !isFull && waiting.items.length > 0;',
    replace: 'const mayAdmit = false;',
    why: 'a run passes over those that wait',
  },
  {
    file: SCHEDULER,
    find: 'return set.passesWithin(tiers?.takesEvicted ? pages.free - set.count : pages.room, passes);',
    replace: 'return passes;',
    why: 'a run goes on without pages',
  },
  {
    file: SCHEDULER,
    find: 'if (pollMatters && waiting.hasNews) {',
    replace: 'if (false) {',
    why: 'a run passes over a poll',
  },
  {
    file: SCHEDULER,
    find: '    this.#poll.pass(passes);\n',
    replace: '',
    why: 'polls are not counted in runs',
  },
  {
    file: SCHEDULER,
    find: '    ratio.decay(passes);\n',
    replace: '    ratio.decay(1);\n',
    why: 'the ratio decays once a run',
  },
  {
    file: SCHEDULER,
    find: 'if (pages.pageTokens > 1) pages.makeFree(set.count);',
    replace: '',
    why: 'runs do not evict a page for everybody',
  },
  {
    file: DECODE,
    find: 'if (running.size < before) slot.isFull = false;',
    replace: '',
    why: 'the latch stays down when somebody has left',
  },
  {
    file: SLOT,
    find: 'if (dropped || (merged > 0 && this.runningBeside === 0)) this.isFull = false;',
    replace: 'if (dropped) this.isFull = false;',
    why: 'the latch outlives an empty running batch',
  },
  {
    file: SLOT,
    find: 'let dropped = this.lastHadChunked;',
    replace: 'let dropped = false;',
    why: 'a prompt in progress does not lift the latch when the others merge',
  },
  {
    file: SLOT,
    find: 'if (sequence.stage === STAGE.finishing && sequence.lane === NO_LANE) running.leaving.push(sequence);',
    replace: '',
    why: 'a request of one token burns no decode',
  },
  {
    file: PREFILL,
    find: 'const spare = blockTokens > 1 ? prompts.length : 0;',
    replace: 'const spare = 0;',
    why: 'prefill does not evict a page more for each request',
  },
  {
    file: RETRACTION,
    find: 'pages.makeFree(Math.ceil((kept.length * RETRACT_STEPS) / pages.pageTokens));',
    replace: '',
    why: 'retraction evicts nothing for the survivors',
  },
  {
    file: STATE,
    find: 'for (const batch of batches) batch.discard(sequence);',
    replace: 'for (const batch of batches) batch.withdraw(sequence, true);',
    why: 'the token in flight of a retracted request comes out',
  },
  {
    file: SCHEDULER,
    find: 'pages.finish(sequence, config.keepsGenerated ? computed : prefilled);',
    replace: 'pages.finish(sequence, computed);',
    why: 'generated text is always kept',
  },
  {
    file: SCHEDULER,
    find: 'else pages.insert(sequence, sequence.prefilled);',
    replace: 'else pages.insert(sequence, sequence.inserted);',
    why: 'prompts are not put into the tree',
  },
  {
    file: SCHEDULER,
    find: 'if (chunked !== null && chunked.computed > chunked.inserted) pages.insert(chunked, chunked.computed);',
    replace: '',
    why: 'chunks of a prompt in progress are not to be found',
  },
  {
    file: DECODE,
    find: 'for (const { computed } of running.leaving) batch.addGhost(computed + 1, drafts);',
    replace: '',
    why: 'a wasted decode takes no time',
  },
  {
    file: DECODE,
    find: 'batch.addGhost(computed + 1, drafts);',
    replace: 'batch.addGhost(computed + 1);',
    why: 'drafts of a wasted decode take no time',
  },
  {
    file: RETRACTION,
    find: 'if (setup.config.speculation !== null) return running.inOrder();',
    replace: '',
    why: 'retraction with drafts does not cut the batch from the back',
  },
  {
    file: LOOP,
    find: 'if (this.#slots > 1 && ranks.some((rank) => rank.isInFlight(slot))) return false;',
    replace: `if (this.#slots > 1 && ranks.some((rank) => rank.isInFlight(slot))) {
        this.#slot = (slot + 1) % this.#slots;
        continue;
      }`,
    why: 'the loop does not wait for the results of the slot whose turn it is',
  },
  {
    file: LOOP,
    find: `      this.#slot = (slot + 1) % this.#slots;
      if (!runs.includes(true)) continue;
`,
    replace: `      if (!runs.includes(true)) continue;
      this.#slot = (slot + 1) % this.#slots;
`,
    why: 'a slot without anything to run keeps its turn',
  },
  {
    file: RETRACTION,
    find: 'if (slots.length > 1 && !room.make(set))',
    replace: 'if (false)',
    why: 'with pipeline stages the last request of a slot is not taken back',
  },
  {
    file: SCHEDULER,
    find: 'for (const { running } of slots) running.noteFinishing();',
    replace: 'slot.running.noteFinishing();',
    why: 'places of requests that finish in another slot are taken to be free',
  },
  {
    file: PREBUILT,
    find: 'if (isIdle || state.slots.length > 1) this.emit(nowNs);',
    replace: 'if (isIdle) this.emit(nowNs);',
    why: 'with pipeline stages a first token that came with its KV waits for a pass of another slot',
  },
  {
    file: SCHEDULER,
    find: "if (role === 'prefill' || (slots.length > 1 && slot.running.size === 0)) slot.isFull = false;",
    replace: "if (role === 'prefill') slot.isFull = false;",
    why: 'a slot of a pipeline that has nobody left takes nobody any more',
  },
  {
    file: LOOP,
    find: 'for (const [index, rank] of ranks.entries()) if (!runs[index]) rank.idleAlong();',
    replace: '',
    why: 'a dummy does not count as a pass when the loop polls',
  },
  {
    file: RUNNING,
    find: 'if (batch.lane !== this.#lane) continue;',
    replace: '',
    why: 'requests that finish in another slot count as running in this',
  },
  {
    file: ROOM,
    find: 'return committed + 2 * this.#verified;',
    replace: 'return committed + this.#verified;',
    why: 'with overlap room is kept for the drafts of one pass',
  },
  {
    file: ROOM,
    find: 'if (!this.#overlap) return this.#running.size * pages.pagesFor(this.#verified);',
    replace: 'if (!this.#overlap) return this.#running.size;',
    why: 'without overlap decodes ask for no room for their drafts',
  },
  {
    file: ROOM,
    find: 'for (const sequence of set.members) this.#pages.trim(sequence, set.computedTokens(sequence));',
    replace: '',
    why: 'slots of rejected drafts are never given back',
  },
  {
    file: BATCH,
    find: '      this.#verified.accepted -= this.tokensFrom(sequence) - 1;\n',
    replace: '',
    why: 'drafts accepted for a retracted request count',
  },
  {
    file: NAMES,
    find: 'return Math.floor(((page + 1) * this.pageTokens - 1 + this.#ahead) / this.#blockTokens);',
    replace: 'return Math.floor(((page + 1) * this.pageTokens - 1) / this.#blockTokens);',
    why: 'the key of a page of EAGLE KV lacks the token after it',
  },
  {
    file: SCHEDULER,
    find: 'if (!remote.isStill || joined.length > 0) return 0;',
    replace: '',
    why: 'a run passes over requests of prefill workers',
  },
  {
    file: STATE,
    find: '    this.unjoin(sequence);\n    this.pages.drop',
    replace: '    this.pages.drop',
    why: 'the first token of a request retracted meanwhile comes out',
  },
  {
    file: RUNNING,
    find: 'for (const batch of this.#batches) known -= batch.tokensFrom(sequence);',
    replace: '',
    why: 'tokens in flight count as known',
  },
  {
    file: RUNNING,
    find: `    for (const sequence of this.leaving) tokens += this.#remaining(sequence);
`,
    replace: '',
    why: 'those that are leaving reserve nothing',
  },
  {
    file: PAGES,
    find: 'this.#own -= pages - sequence.treePages;',
    replace: '',
    why: 'pages put into the tree count twice',
  },
  {
    file: PAGES,
    find: `    this.tree.lock(node);
    this.tree.unlock(sequence.node);`,
    replace: `    this.tree.lock(node);`,
    why: 'the old lock of a sequence stays',
  },
  {
    file: PAGES,
    find: 'if (this.free < pages) this.tree.evict(pages);',
    replace: 'if (this.free < pages) this.tree.evict(pages - this.free);',
    why: 'eviction takes only what is missing',
  },
  {
    file: POLL,
    find: 'return this.#interval <= 1 ? 0 : this.#interval - this.#count - 1;',
    replace: 'return this.#interval <= 1 ? 0 : this.#interval - this.#count;',
    why: 'a run ends one iteration after the poll',
  },
  {
    file: TREE,
    find: 'nodes.used[child] = this.#clock;',
    replace: '',
    why: 'a match is no use of what it finds',
  },
  {
    file: TREE,
    find: 'nodes.locks[upper] = nodes.locks[lower];',
    replace: '',
    why: 'the upper half of a split node is not locked',
  },
  {
    file: TREE,
    find: 'if (locks[leaf] > 0 || children[leaf] > 0) continue;',
    replace: 'if (locks[leaf] > 0) continue;',
    why: 'inner nodes are evicted',
  },
  {
    file: TREE,
    find: 'if (children[node] === 0) this.#queue(node);',
    replace: '',
    why: 'an unlocked leaf is never evicted',
  },
  {
    file: TREE,
    find: 'if (parent !== ROOT && nodes.children[parent] === 0 && nodes.locks[parent] === 0) this.#queue(parent);',
    replace: '',
    why: 'a parent that became a leaf is never evicted',
  },
  {
    file: TREE,
    find: 'nodes.born[upper] = nodes.born[lower];',
    replace: '',
    why: 'a split node moves behind its siblings',
  },
  {
    file: TREE,
    find: 'if (names.firstPage(position) < page) return this.#nodes.rest[node];',
    replace: '',
    why: 'a child inside a segment is looked for at its start',
  },
  {
    file: TREE,
    find: 'if (used[leaf] > topUsed) {',
    replace: 'if (used[leaf] > topUsed && pages < 0) {',
    why: 'a leaf used again keeps its place in the queue for eviction',
  },
  {
    file: HEAP,
    find: 'if (this.#isBefore(used, created, child)) break;',
    replace: 'if (this.#isBefore(used, created, child) || place > 0) break;',
    why: 'the heap of leaves is put in order at the top only',
  },
  {
    file: BATCH,
    find: 'return !this.#isCut && this.#ghosts + this.#chunks.length + this.finishing.length + this.#late.length === 0;',
    replace: 'return !this.#isCut && this.#chunks.length + this.finishing.length + this.#late.length === 0;',
    why: 'a run starts from a pass with a wasted decode',
  },
  {
    file: TIMES,
    find: 'sequence.firstGapPass = this.#passes + 1;',
    replace: '',
    why: 'gap peaks: what others waited counts for who joined late',
  },
];
