import type { Mutation } from './mutation.ts';

const SCHEDULER = 'src/engine/trtllm/trtllmScheduler.ts';

/** Small mistakes in TensorRT-LLM's fast core; the plain core or a law must notice each. */
export const TRTLLM_MUTATIONS: readonly Mutation[] = [
  {
    file: SCHEDULER,
    find: "sequence.maxNewTokens = role === 'prefill' ? outputTokens : mostNewTokens(config, inputTokens, asked);",
    replace: 'sequence.maxNewTokens = outputTokens;',
    why: 'it is known beforehand who stops before its limit',
  },
  {
    file: SCHEDULER,
    find: 'this.#active.length + this.#waiting.size === 0 ? Math.min(1, this.#inbox.size) : this.#inbox.size',
    replace: 'this.#inbox.size',
    why: 'an idle executor takes all that wait',
  },
  {
    file: SCHEDULER,
    find: 'while (this.#waiting.size > 0 && this.#active.length < this.#setup.config.maxSequences) {',
    replace: 'while (this.#waiting.size > 0 && this.#active.length <= this.#setup.config.maxSequences) {',
    why: 'one too many is active',
  },
  {
    file: SCHEDULER,
    find: "if (this.#setup.config.capacityPolicy !== 'MAX_UTILIZATION') return true;",
    replace: 'return true;',
    why: 'nobody is paused for want of pages while nobody waits',
  },
  {
    file: SCHEDULER,
    find: 'for (const { item } of contexts) promptTokens += item.knownTokens;',
    replace: 'for (const { tokens } of contexts) promptTokens += tokens;',
    why: 'a batch waits by the tokens of chunks, not of prompts',
  },
  {
    file: SCHEDULER,
    find: 'this.#isBlocked = pending > 0 && pending === this.#pending && contexts.length === 0 && !hasMoved;',
    replace: 'this.#isBlocked = pending > 0 && pending === this.#pending && !hasMoved;',
    why: 'a prompt in progress counts as a standstill',
  },
  {
    file: SCHEDULER,
    find: 'pending === this.#pending && contexts.length === 0 && !hasMoved;',
    replace: 'pending === this.#pending && contexts.length === 0;',
    why: 'a pause counts as a standstill',
  },
  {
    file: SCHEDULER,
    find: '    this.#pages.allocate(set.pagesDue(1));\n    for (const ghost',
    replace: '    for (const ghost',
    why: 'decodes take no pages',
  },
  {
    file: SCHEDULER,
    find: 'batch.addGhost(ghost.computed + 1);',
    replace: 'batch.addGhost(ghost.computed);',
    why: 'a step too many has a context too short',
  },
  {
    file: SCHEDULER,
    find: 'return this.#active.filter((sequence) => sequence.stage === STAGE.finishing && !isToComplete(sequence));',
    replace: 'return [];',
    why: 'who stops early burns no step',
  },
  {
    file: SCHEDULER,
    find: 'return this.#blocks(sequence.inputTokens + sequence.maxNewTokens) - owned;',
    replace: 'return this.#blocks(sequence.inputTokens + sequence.outputTokens) - owned;',
    why: 'reservations are for what will be, not for what may be',
  },
  {
    file: SCHEDULER,
    find: 'if (stage === STAGE.waiting) return this.#blocks(sequence.knownTokens);',
    replace: 'if (stage === STAGE.waiting) return this.#blocks(sequence.inputTokens);',
    why: 'who was paused comes back without its output',
  },
  {
    file: SCHEDULER,
    find: 'return stage === STAGE.decoding || stage === STAGE.prefilling || stage === STAGE.loaded;',
    replace: 'return stage === STAGE.decoding || stage === STAGE.prefilling;',
    why: 'whose KV has come is never paused',
  },
  {
    file: SCHEDULER,
    find: 'return hit < Math.floor(knownTokens / this.#pages.pageTokens) ? this.#names.keyOf(request, hit) : null;',
    replace: 'return null;',
    why: 'nobody waits for a block that another computes',
  },
  {
    file: SCHEDULER,
    find: 'for (const sequence of ended) this.#pages.publish(sequence, sequence.prefilled);',
    replace: '',
    why: 'prompts cannot be found before their request ends',
  },
  {
    file: SCHEDULER,
    find: '    if (decodes) {\n      this.#pages.publish(sequence, sequence.computed - inFlight);',
    replace: '    if (decodes) {\n      this.#pages.publish(sequence, sequence.computed);',
    why: 'tokens in flight are put into the cache of who is paused',
  },
  {
    file: SCHEDULER,
    find: '    this.#pages.publish(sequence, sequence.computed);\n    this.#pages.release(sequence);\n    log.last',
    replace: '    this.#pages.release(sequence);\n    log.last',
    why: 'answers are not kept',
  },
  {
    file: SCHEDULER,
    find: 'return set.passesWithin(this.#pages.free, Math.min(set.passesToChange(), atMost));',
    replace: 'return Math.min(set.passesToChange(), atMost);',
    why: 'a run goes on without pages',
  },
  {
    file: SCHEDULER,
    find: 'this.#pages.allocate(set.pagesDue(passes));',
    replace: 'this.#pages.allocate(set.pagesDue(1));',
    why: 'a run takes the pages of one pass',
  },
  {
    file: SCHEDULER,
    find: 'if (log.scheduledNs[request] < 0) log.reusedTokens[request] = hit;',
    replace: 'log.reusedTokens[request] = hit;',
    why: 'what was cached is counted anew after a pause',
  },
  {
    file: SCHEDULER,
    find: '      this.#queuedTokens -= sequence.inputTokens;\n      this.#active',
    replace: '      this.#active',
    why: 'routers see tokens wait that do not',
  },
  {
    file: SCHEDULER,
    find: 'load.running += this.#active.length - this.#pending;',
    replace: 'load.running += this.#active.length;',
    why: 'routers see those that wait twice',
  },
  {
    file: SCHEDULER,
    find: 'if (decodes) sequence.regainTokens = sequence.knownTokens;',
    replace: 'if (decodes) sequence.regainTokens = sequence.computed - 1;',
    why: 'the time a pause has cost ends too early',
  },
  {
    file: SCHEDULER,
    find: 'sequence.stage !== STAGE.loading && !isToComplete(sequence)',
    replace: 'sequence.stage !== STAGE.loading',
    why: 'who waits for the last token takes a place in the batch',
  },
  {
    file: SCHEDULER,
    find: 'if (stage === STAGE.finishing) return !isToComplete(sequence);',
    replace: 'if (stage === STAGE.finishing) return false;',
    why: 'who burns a step is never paused',
  },
  {
    file: SCHEDULER,
    find: '      this.#hasFinished = true;\n',
    replace: '',
    why: 'nobody takes the place of who ended with the token that came with its KV',
  },
];
