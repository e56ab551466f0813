import type { Mutation } from './mutation.ts';

const SCHEDULER = 'src/engine/trtllm/trtllmScheduler.ts';
const EXECUTOR = 'src/engine/trtllm/executor.ts';
const RANK = 'src/engine/trtllm/executorRank.ts';
const NEEDS = 'src/engine/trtllm/blockNeeds.ts';
const START = 'src/engine/trtllm/contextStart.ts';
const LANES = 'src/engine/trtllm/microBatchLanes.ts';
const QUEUE = 'src/engine/trtllm/requestQueue.ts';

/** Small mistakes in TensorRT-LLM's fast core; the plain core or a law must notice each. */
export const TRTLLM_MUTATIONS: readonly Mutation[] = [
  {
    file: SCHEDULER,
    find: "sequence.maxNewTokens = role === 'prefill' ? outputTokens : mostNewTokens(config, inputTokens, asked);",
    replace: 'sequence.maxNewTokens = outputTokens;',
    why: 'it is known beforehand who stops before its limit',
  },
  {
    file: QUEUE,
    find: 'isIdle && this.#waiting.size === 0 ? Math.min(1, this.#inbox.size) : this.#inbox.size',
    replace: 'this.#inbox.size',
    why: 'an idle executor takes all that wait',
  },
  {
    file: EXECUTOR,
    find: 'this.queue.take(this.#places)',
    replace: 'this.queue.take(this.#places + 1)',
    why: 'one too many is active',
  },
  {
    file: RANK,
    find: "if (this.#setup.config.capacityPolicy !== 'MAX_UTILIZATION') return true;",
    replace: 'return true;',
    why: 'nobody is paused for want of pages while nobody waits',
  },
  {
    file: RANK,
    find: 'contexts.reduce((sum, { item }) => sum + item.knownTokens, 0)',
    replace: 'contexts.reduce((sum, { tokens }) => sum + tokens, 0)',
    why: 'a batch waits by the tokens of chunks, not of prompts',
  },
  {
    file: RANK,
    find: 'this.#isBlocked = pending > 0 && pending === this.pending && contexts.length === 0 && !this.#hasMoved;',
    replace: 'this.#isBlocked = pending > 0 && pending === this.pending && !this.#hasMoved;',
    why: 'a prompt in progress counts as a standstill',
  },
  {
    file: RANK,
    find: 'pending === this.pending && contexts.length === 0 && !this.#hasMoved;',
    replace: 'pending === this.pending && contexts.length === 0;',
    why: 'a pause counts as a standstill',
  },
  {
    file: RANK,
    find: 'if (this.#drafts === 0) this.pages.allocate(set.pagesDue(1));',
    replace: 'if (this.#drafts === 0);',
    why: 'decodes take no pages',
  },
  {
    file: RANK,
    find: 'batch.addGhost(ghost.computed + 1, this.#drafts);',
    replace: 'batch.addGhost(ghost.computed, this.#drafts);',
    why: 'a step too many has a context too short',
  },
  {
    file: RANK,
    find: 'return this.#active.filter((sequence) => sequence.stage === STAGE.finishing && !this.#needs.isOut(sequence));',
    replace: 'return [];',
    why: 'who stops early burns no step',
  },
  {
    file: NEEDS,
    find: 'return this.#blocks(sequence.inputTokens + sequence.maxNewTokens) - this.#owned(sequence);',
    replace: 'return this.#blocks(sequence.inputTokens + sequence.outputTokens) - this.#owned(sequence);',
    why: 'reservations are for what will be, not for what may be',
  },
  {
    file: NEEDS,
    find: 'if (stage === STAGE.waiting) return this.#blocks(sequence.knownTokens);',
    replace: 'if (stage === STAGE.waiting) return this.#blocks(sequence.inputTokens);',
    why: 'who was paused comes back without its output',
  },
  {
    file: NEEDS,
    find: 'return stage === STAGE.prefilling || stage === STAGE.loaded;',
    replace: 'return stage === STAGE.prefilling;',
    why: 'whose KV has come is never paused',
  },
  {
    file: NEEDS,
    find: 'return hit < Math.floor(knownTokens / this.#pages.pageTokens) ? this.#names.keyOf(request, hit) : null;',
    replace: 'return null;',
    why: 'nobody waits for a block that another computes',
  },
  {
    file: RANK,
    find: '      this.pages.publish(sequence, sequence.prefilled);\n',
    replace: '',
    why: 'prompts cannot be found before their request ends',
  },
  {
    file: RANK,
    find: '    if (decodes) {\n      this.pages.publish(sequence, sequence.computed - inFlight);',
    replace: '    if (decodes) {\n      this.pages.publish(sequence, sequence.computed);',
    why: 'tokens in flight are put into the cache of who is paused',
  },
  {
    file: RANK,
    find: '    this.pages.publish(sequence, sequence.computed);\n    this.pages.store(sequence);',
    replace: '    this.pages.store(sequence);',
    why: 'answers are not kept',
  },
  {
    file: RANK,
    find: 'return set.passesWithin(tiers?.takesEvicted ? blank : free, Math.min(set.passesToChange(), atMost));',
    replace: 'return Math.min(set.passesToChange(), atMost);',
    why: 'a run goes on without pages',
  },
  {
    file: RANK,
    find: 'this.pages.allocate(set.pagesDue(passes));',
    replace: 'this.pages.allocate(set.pagesDue(1));',
    why: 'a run takes the pages of one pass',
  },
  {
    file: START,
    find: 'if (log.scheduledNs[request] < 0) log.reusedTokens[request] = hit;',
    replace: 'log.reusedTokens[request] = hit;',
    why: 'what was cached is counted anew after a pause',
  },
  {
    file: QUEUE,
    find: '      this.tokens -= sequence.inputTokens;\n      taken',
    replace: '      taken',
    why: 'routers see tokens wait that do not',
  },
  {
    file: RANK,
    find: 'load.running += this.#active.length - this.pending;',
    replace: 'load.running += this.#active.length;',
    why: 'routers see those that wait twice',
  },
  {
    file: RANK,
    find: 'if (decodes) sequence.regainTokens = sequence.knownTokens;',
    replace: 'if (decodes) sequence.regainTokens = sequence.computed - 1;',
    why: 'the time a pause has cost ends too early',
  },
  {
    file: RANK,
    find: 'sequence.stage !== STAGE.loading && !this.#needs.isOut(sequence)',
    replace: 'sequence.stage !== STAGE.loading',
    why: 'who waits for the last token takes a place in the batch',
  },
  {
    file: NEEDS,
    find: 'if (stage === STAGE.finishing || stage === STAGE.decoding) return !this.isOut(sequence);',
    replace: 'if (stage === STAGE.decoding) return !this.isOut(sequence);',
    why: 'who burns a step is never paused',
  },
  {
    file: RANK,
    find: '      this.hasFinished = true;\n',
    replace: '',
    why: 'nobody takes the place of who ended with the token that came with its KV',
  },
  {
    file: EXECUTOR,
    find: 'if (this.#ranks.length > 1 && this.#ranks.some(waits)) return false;',
    replace: '',
    why: 'a rank whose requests all wait for their last tokens does not hold up the others',
  },
  {
    file: EXECUTOR,
    find: 'this.#ranks.map((rank) => (rank.isVacant ? { contexts: 0, generations: 1 } : rank))',
    replace: 'this.#ranks',
    why: 'a dummy does not count as a generation',
  },
  {
    file: EXECUTOR,
    find: '    this.#balance?.pass(passes);\n',
    replace: '',
    why: 'the clock of the balance stands still while nobody has a context',
  },
  {
    file: EXECUTOR,
    find: 'this.#ranks.length === 1 && this.first.isStuck',
    replace: 'this.first.isStuck',
    why: 'a newcomer that another rank could start is passed over',
  },
  {
    file: RANK,
    find: '      this.tokens -= sequence.inputTokens;\n      this.#finish(sequence, nowNs);',
    replace: '      this.#finish(sequence, nowNs);',
    why: 'prompts of finished requests weigh on their rank for ever',
  },
  {
    file: NEEDS,
    find: 'outputTokens - this.inFlight(sequence) + 1 >= maxNewTokens',
    replace: 'outputTokens === maxNewTokens',
    why: 'it is known at once that an accepted draft is the last token',
  },
  {
    file: NEEDS,
    find: 'return computed + sequence.drafts - (sequence.yields - 1);',
    replace: 'return computed;',
    why: 'drafts in flight take no blocks',
  },
  {
    file: NEEDS,
    find: 'for (const batch of this.#setup.batches) tokens += batch.tokensFrom(sequence);',
    replace: 'for (const batch of this.#setup.batches) if (batch.yieldsFor(sequence)) tokens += 1;',
    why: 'a pass in flight is taken to yield one token',
  },
  {
    file: RANK,
    find: '    sequence.guesses = this.#drafts;\n',
    replace: '    sequence.guesses = this.#drafts - 1;\n',
    why: 'the last draft is never accepted',
  },
  {
    file: EXECUTOR,
    find: 'generations * this.#verified',
    replace: 'generations',
    why: 'drafts do not count towards a batch that is worth its while',
  },
  {
    file: NEEDS,
    find: 'return stage === STAGE.finishing || (stage === STAGE.decoding && this.#lanes.isInFlight(lane));',
    replace: 'return stage === STAGE.finishing;',
    why: 'requests in other micro-batches take places in this one',
  },
  {
    file: 'src/engine/trtllm/requestLimits.ts',
    find: 'return maxSequences * pipelineStages;',
    replace: 'return maxSequences;',
    why: 'a pipeline has no more active requests than one stage',
  },
  {
    file: RANK,
    find: '    this.#lanes.gather(batch.lane, generations, nowNs);\n',
    replace: '',
    why: 'generations that are in no micro-batch stay where they were',
  },
  {
    file: RANK,
    find: ' && !this.#lanes.isScattered(batch.lane)',
    replace: '',
    why: 'a micro-batch has the generations of its last one alone while no prompt waits',
  },
  {
    file: LANES,
    find: 'for (const sequence of [...members]) if (!stay.has(sequence)) this.#move(sequence, this.#kept, nowNs);',
    replace: '',
    why: 'a full micro-batch takes all who were in its last one, besides',
  },
];
