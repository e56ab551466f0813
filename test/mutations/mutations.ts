import type { Mutation } from './mutation.ts';

const DRIVER = 'src/engine/driver.ts';
const BATCH = 'src/engine/batch.ts';
const CHUNK = 'src/engine/chunk.ts';
const TIMES = 'src/engine/decodeTimes.ts';
const VLLM = 'src/engine/vllm/vllmScheduler.ts';
const RUNNING = 'src/engine/vllm/runningList.ts';
const PROGRESS = 'src/engine/vllm/progress.ts';
const GROWTH = 'src/engine/vllm/growth.ts';
const ADMISSION = 'src/engine/vllm/admission.ts';
const CADENCE = 'src/engine/vllm/prefillCadence.ts';
const SET = 'src/engine/decodeSet.ts';
const PAGES = 'src/engine/sequencePages.ts';
const QUEUE = 'src/engine/admissionQueue.ts';
const PEAKS = 'src/engine/gapPeaks.ts';
const FLIGHT = 'src/engine/flight.ts';
const RUN = 'src/engine/decodeRun.ts';

/** Small mistakes of the kind one really makes; each must be noticed by the comparison with the plain core or by a law. */
export const MUTATIONS: readonly Mutation[] = [
  {
    file: SET,
    find: 'this.#pagesDue[residue(-sequence.clockOffset, this.#pageTokens)] += 1;',
    replace: 'this.#pagesDue[residue(1 - sequence.clockOffset, this.#pageTokens)] += 1;',
    why: 'page-due residue off by one',
  },
  {
    file: SET,
    find: '    if (this.#outcomes === null) this.#pagesDue[residue(-sequence.clockOffset, this.#pageTokens)] -= 1;\n',
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
    find: 'if (context < window) this.#belowWindow += 1;',
    replace: 'if (context <= window) this.#belowWindow += 1;',
    why: 'window crossing: a context as long as the window still grows',
  },
  {
    file: SET,
    find: 'let passes = this.#nextFinish - this.clock;',
    replace: 'let passes = this.#nextFinish - this.clock + 1;',
    why: 'horizon: the run goes on past the first finish',
  },
  {
    file: SET,
    find: 'if (left < 0) return pass;',
    replace: 'if (left < -1) return pass;',
    why: 'horizon: the run goes on one page past the last free one',
  },
  {
    file: VLLM,
    find: 'this.#isBlocked = !isOpen && !this.#pages.tiers?.isShared;',
    replace: 'this.#isBlocked = true;',
    why: 'blocked flag: newcomers to an empty queue do not interrupt',
  },
  {
    file: DRIVER,
    find: 'const forming = last > 0 && run.endNs[last - 1] === nowNs ? last - 1 : last;',
    replace: 'const forming = last;',
    why: 'interrupt at equal time: the next batch is formed before what happens now',
  },
  {
    file: DRIVER,
    find: 'else if (this.nextEventKind === PASS_END) this.#expect(this.#flights.oldest.endNs, PASS_END);',
    replace: '',
    why: 'interrupt: the run goes on to the end that was planned',
  },
  {
    file: DRIVER,
    find: `    this.#run.cancel();
    if (isDue`,
    replace: '    if (isDue',
    why: 'interrupt at equal time: the old plan survives the interruption',
  },
  {
    file: VLLM,
    find: '    if (!this.#pages.hasGroups) this.#pages.allocate(set.pagesDue(passes));\n',
    replace: '',
    why: 'a run takes no pages',
  },
  {
    file: TIMES,
    find: 'const ownNs = Math.min(decodeNs, elapsedNs);',
    replace: 'const ownNs = elapsedNs;',
    why: 'attribution: decodes own the whole of a mixed pass',
  },
  {
    file: TIMES,
    find: '    this.#interferenceNs += elapsedNs - ownNs;\n',
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
    file: TIMES,
    find: 'sequence.firstGapPass = Math.max(sequence.firstDecodePass, this.#passes + 1);',
    replace: 'sequence.firstGapPass = this.#passes;',
    why: 'gap peaks: the pass of the first token counts as a gap',
  },
  {
    file: RUNNING,
    find: 'batch, budget - set.count, nowNs',
    replace: 'batch, budget, nowNs',
    why: 'budget: decodes are free',
  },
  {
    file: ADMISSION,
    find: 'if (tokens > 0) budget -= tokens + slots;',
    replace: 'budget -= Math.min(tokens, 1);',
    why: 'budget: a new prompt takes one token of it',
  },
  {
    file: PAGES,
    find: 'if (!this.#manager.passesGate(hold, hitTokens, external, knownTokens, keepFree)) return false;',
    replace: 'if (!this.#manager.passesGate(hold, 0, external, knownTokens - hitTokens, keepFree)) return false;',
    why: 'admission gate: hits that nobody holds cost nothing',
  },
  {
    file: ADMISSION,
    find: 'if (!this.#fits(sequence, hit, external, inputTokens, inputTokens)) return STOP;',
    replace: 'if (!this.#fits(sequence, 0, external, external, external)) return STOP;',
    why: 'reservation gate: hits that nobody holds cost nothing',
  },
  {
    file: 'src/kv/runManager.ts',
    find: 'const most = known - 1;',
    replace: 'const most = known;',
    why: 'lookup bound: a full hit leaves nothing to compute',
  },
  {
    file: VLLM,
    find: 'this.#setup.table.inputTokens[request])',
    replace: 'this.#setup.table.inputTokens[request] + 1)',
    why: 'lookup bound: the router sees a full hit as free',
  },
  {
    file: RUNNING,
    find: 'this.#pages.publish(sequence, end);',
    replace: 'this.#pages.publish(sequence, end - tokens);',
    why: 'publishing waits for the pass to end',
  },
  {
    file: RUNNING,
    find: 'this.#leastUrgent() : running.length - 1;',
    replace: 'this.#leastUrgent() : 0;',
    why: 'preemption victim: the first admitted',
  },
  {
    file: BATCH,
    find: 'if (tokens === 0 || !keepsToken) return;',
    replace: 'if (tokens === 0) return;',
    why: 'a KV producer keeps the token of an evicted prompt',
  },
  {
    file: BATCH,
    find: '      this.decodes -= 1;\n',
    replace: '',
    why: 'late tokens: a gap is counted twice',
  },
  {
    file: PROGRESS,
    find: 'return schedulesAhead(this.#config) ? computed - inFlight : Math.min(computed, knownTokens - inFlight);',
    replace: 'return computed;',
    why: 'eviction: publishes tokens that are not out',
  },
  {
    file: ADMISSION,
    find: 'if (head.pending > 0) return SKIP;',
    replace: 'if (head.pending > 0) return STOP;',
    why: 'late tokens: nobody passes who waits for one',
  },
  {
    file: ADMISSION,
    find: 'config.semantics.oversizedStopsAdmission ? STOP : SKIP',
    replace: 'STOP',
    why: 'unchunked: an oversized prompt always stops admission',
  },
  {
    file: ADMISSION,
    find: 'config.semantics.fullIslGate ? known : end',
    replace: 'known',
    why: 'the gate for whole prompts is always on',
  },
  {
    file: ADMISSION,
    find: 'this.#running.size > 0 ? Math.floor(watermark * blocks) : 0',
    replace: 'Math.floor(watermark * blocks)',
    why: 'watermark: kept even when nobody runs',
  },
  {
    file: RUNNING,
    find: 'return longPrefillTokens > 0 ? Math.min(tokens, longPrefillTokens) : tokens;',
    replace: 'return tokens;',
    why: 'limit on chunks: only the first one keeps to it',
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
    file: VLLM,
    find: 'if (!this.#running.hasPreempted && this.#queue.size > 0) {',
    replace: 'if (this.#queue.size > 0) {',
    why: 'preemption: admits in the same step',
  },
  {
    file: RUNNING,
    find: 'sequence.regainTokens = sequence.knownTokens;',
    replace: 'sequence.regainTokens = sequence.knownTokens - 1;',
    why: 'regain: the token lost with the eviction is not counted',
  },
  {
    file: RUNNING,
    find: `    if (sequence.evictedNs < 0) {
      this.#log.spend(request`,
    replace: `    {
      this.#log.spend(request`,
    why: 'regain: a second eviction forgets the first',
  },
  {
    file: TIMES,
    find: '    else sequence.lastTokenNs = this.#tokenNs;\n',
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
    file: CHUNK,
    find: '    alone.clear();\n',
    replace: '',
    why: 'attribution: a chunk alone is timed with the chunks before it',
  },
  {
    file: ADMISSION,
    find: 'sequence.computed = sequence.inputTokens - 1;',
    replace: 'sequence.computed = sequence.inputTokens - 2;',
    why: 'remote prompts compute one token more than the last',
  },
  {
    file: GROWTH,
    find: '    this.#pages.publish(sequence, named);\n',
    replace: '',
    why: 'contested text is published when its sequence stops',
  },
  {
    file: GROWTH,
    find: 'const named = computed - this.#progress.inFlight(sequence);',
    replace: 'const named = computed - 1;',
    why: 'contested text is published one pass late',
  },
  {
    file: VLLM,
    find: 'this.#running.hasPreempted || set.contested > 0) return 0;',
    replace: 'this.#running.hasPreempted) return 0;',
    why: 'horizon: a run publishes no contested text',
  },
  {
    file: SET,
    find: '    if (sequence.contested) this.contested -= 1;\n',
    replace: '    this.contested = 0;\n',
    why: 'contested text is forgotten when anyone stops',
  },
  {
    file: TIMES,
    find: '      apart += 1;\n',
    replace: '',
    why: 'remote prompts: the first token has a gap before it',
  },
  {
    file: TIMES,
    find: `    if (sequence.lastTokenNs < 0) log.firstTokenNs[request] = nowNs;
    this.startCounting(sequence);`,
    replace: '    this.startCounting(sequence);',
    why: 'remote prompts: the pass of the first token counts as after it',
  },
  {
    file: PROGRESS,
    find: '    if (!this.#config.semantics.windowFreedOnProcessed) return this.scheduled(sequence);\n',
    replace: '',
    why: 'groups: windows of old versions wait for what is in flight, too',
  },
  {
    file: GROWTH,
    find: 'return this.#progress.computed(sequence) < sequence.hold.dueAt;',
    replace: 'return this.#progress.computed(sequence) <= sequence.hold.dueAt;',
    why: 'groups: a decode takes its page one pass late',
  },
  {
    file: PAGES,
    find: 'return this.#manager.fits(hold, hitTokens, external, tokens, keepFree, lookahead);',
    replace: 'return true;',
    why: 'groups: admission looks at what fits in time, not at once',
  },
  {
    file: VLLM,
    find: '      passes = Math.min(passes, sequence.hold.dueAt - set.computedTokens(sequence));',
    replace: '      passes = Math.min(passes, sequence.hold.dueAt - set.computedTokens(sequence) + 1);',
    why: 'groups: a run goes on over a page boundary',
  },
  {
    file: SET,
    find: 'outcomes.accepted(request, outputTokens - left, guesses), left - 1)',
    replace: 'outcomes.accepted(request, outputTokens - left, guesses), left)',
    why: 'speculation: a request gets a token more than it asked for',
  },
  {
    file: PROGRESS,
    find: 'return computed + sequence.drafts - (sequence.yields - 1);',
    replace: 'return computed;',
    why: 'speculation: drafts in flight are known to be rejected',
  },
  {
    file: PROGRESS,
    find: 'return sequence.outputTokens - this.inFlight(sequence)',
    replace: 'return sequence.outputTokens',
    why: 'speculation: no pass is wasted on who ends with an accepted draft',
  },
  {
    file: ADMISSION,
    find: '    sequence.guesses = 0;\n',
    replace: '    sequence.guesses = padding;\n',
    why: 'speculation: placeholders are accepted as drafts are',
  },
  {
    file: FLIGHT,
    find: 'if (batch.durationNs <= longestNs) continue;',
    replace: 'if (longestNs > 0) continue;',
    why: 'ranks: the pass ends with the first of them',
  },
  {
    file: FLIGHT,
    find: 'batch.seal(groupTokens, prefills && !batch.hasChunks);',
    replace: 'batch.seal(groupTokens);',
    why: 'ranks: decodes beside a prefill of another use graphs',
  },
  {
    file: RUN,
    find: 'this.endNs[pass] = Math.max(this.endNs[pass], decodeNs);',
    replace: 'this.endNs[pass] = decodeNs;',
    why: 'ranks: a run goes at the pace of the last',
  },
  {
    file: DRIVER,
    find: 'if (batches[rank].takesDecodes) batches[rank].formAgain(passes);',
    replace: 'batches[rank].formAgain(passes);',
    why: 'ranks: the clock of an idle one goes on in a run',
  },
  {
    file: 'src/engine/pipeline.ts',
    find: 'atNs = Math.max(atNs, done[stage]) + untilNs - spentNs;',
    replace: 'atNs = atNs + untilNs - spentNs;',
    why: 'pipeline: a pass overtakes the one before',
  },
  {
    file: DRIVER,
    find: 'return free.find(({ set }) => set.count > 0) ?? free[0];',
    replace: 'return free[0];',
    why: 'pipeline: sequences change their lane',
  },
  {
    file: RUNNING,
    find: 'if (byUrgency(this.#running[worst], this.#running[at]) < 0) worst = at;',
    replace: 'if (byUrgency(this.#running[worst], this.#running[at]) > 0) worst = at;',
    why: 'priority: the most urgent is evicted',
  },
  {
    file: RUNNING,
    find: 'if (taken > 0 && this.#config.semantics.refundsVictim) budget += taken + slots;',
    replace: '',
    why: 'priority: what the victim had of the batch is lost',
  },
  {
    file: RUNNING,
    find: 'if (isScheduled) sequence.owned = Math.max(sequence.owned, this.#pages.count(sequence.computed + 1));',
    replace: '',
    why: 'priority: the page of a token scheduled and taken back is lost',
  },
  {
    file: QUEUE,
    find: 'return a.priority - b.priority || a.arrivalNs - b.arrivalNs || a.request - b.request;',
    replace: 'return a.priority - b.priority || b.arrivalNs - a.arrivalNs || a.request - b.request;',
    why: 'priority: among equals who came last goes first',
  },
  {
    file: VLLM,
    find: 'return !this.#isBlocked || this.#queue.head === sequence;',
    replace: 'return !this.#isBlocked;',
    why: 'priority: whoever is more urgent than a blocked head does not interrupt',
  },
  {
    file: RUNNING,
    find: 'const taken = at < index ? this.#granted.splice(at, 1)[0] : 0;',
    replace: 'const taken = at < index ? this.#granted[at] : 0;',
    why: 'priority: what the next victim had is taken for that of the one before',
  },
  {
    file: RUNNING,
    find: 'if (sequence.stage === STAGE.prefilling && taken > 0) batch.removeChunk(sequence);',
    replace: '',
    why: 'priority: the chunk of an evicted sequence still yields a token',
  },
  {
    file: PROGRESS,
    find: '+ 1 >= sequence.maxNewTokens;',
    replace: '>= sequence.maxNewTokens;',
    why: 'stops: a step is wasted on a request at its limit',
  },
  {
    file: RUNNING,
    find: '({ finishing, hasLastChunk }) => finishing.length > 0 || hasLastChunk',
    replace: '({ finishing }) => finishing.length > 0',
    why: 'stops: nobody knows a prompt whose only token might not be its last',
  },
  {
    file: CADENCE,
    find: 'return this.#interval - 1 - (this.#step % this.#interval);',
    replace: 'return this.#interval - (this.#step % this.#interval);',
    why: 'cadence: a run goes past the step in which prompts may start',
  },
  {
    file: CADENCE,
    find: 'this.#step += steps;',
    replace: 'this.#step += 0 * steps;',
    why: 'cadence: the steps of a run do not count',
  },
  {
    file: VLLM,
    find: 'const waits = this.#queue.size > 0 || this.#running.isMidPrompt;',
    replace: 'const waits = this.#queue.size > 0;',
    why: 'cadence: a run goes on while a prompt in progress waits',
  },
  {
    file: RUNNING,
    find: 'if (this.#holdsBack && sequence.isMidPrompt) return 0;',
    replace: '',
    why: 'cadence: prompts in progress do not wait',
  },
  {
    file: RUNNING,
    find: '        granted = this.#pages.chunkOf(sequence, sequence.computed, granted, sequence.hold.junction);\n',
    replace: '',
    why: 'states: a chunk of a running prompt ends inside a block',
  },
  {
    file: RUNNING,
    find: 'sequence.computed, granted, sequence.hold.junction)',
    replace: 'sequence.computed, granted, 0)',
    why: 'states: a running prompt passes the junction',
  },
  {
    file: ADMISSION,
    find: 'tokens + padding, this.#pages.junction);',
    replace: 'tokens + padding, 0);',
    why: 'states: an admitted prompt passes the junction',
  },
  {
    file: ADMISSION,
    find: '    if (chunk === 0) return STOP;\n',
    replace: '    if (chunk === 0) return SKIP;\n',
    why: 'states: somebody is admitted past a prompt that gets no block',
  },
  {
    file: VLLM,
    find: '      this.#pages.startStep();\n',
    replace: '',
    why: 'states: what was published once can never be started from',
  },
  {
    file: VLLM,
    find: '(tiers?.isShared || this.#pages.hasFreshStates) && this.#queue.isWaiting',
    replace: 'tiers?.isShared && this.#queue.isWaiting',
    why: 'states: a run goes on though the head could start from what was just published',
  },
  {
    file: 'src/kv/kvLayout.ts',
    find: 'Math.ceil(Math.max(1, computed) / blockTokens) * blockTokens + 1;',
    replace: 'Math.ceil(Math.max(1, computed) / blockTokens) * blockTokens + blockTokens;',
    why: 'states: the state before the running one stays too long',
  },
  {
    file: RUNNING,
    find: '        budget -= granted + slots;\n      }',
    replace: '        budget -= granted;\n      }',
    why: 'draft slots: those of running sequences are not counted',
  },
  {
    file: ADMISSION,
    find: 'if (tokens > 0) budget -= tokens + slots;',
    replace: 'if (tokens > 0) budget -= tokens;',
    why: 'draft slots: those of admitted prompts are not counted',
  },
];
