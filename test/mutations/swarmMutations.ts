import type { Mutation } from './mutation.ts';

const FLOW = 'src/cluster/requestFlow.ts';
const HANDOFF = 'src/cluster/handoff.ts';

/** Small mistakes in the cluster, one at least for each law; whole deployments drawn from a seed must break it. */
export const SWARM_MUTATIONS: readonly Mutation[] = [
  {
    file: FLOW,
    find: '    this.census.submitted += 1;\n',
    replace: '    if (this.mishaps.attempts.losses.shed === 0) this.census.submitted += 1;\n',
    why: 'conservation: nobody counts as submitted once somebody was turned away',
  },
  {
    file: 'src/cluster/mishaps.ts',
    find: '    this.#host.log.startAnew(request, KEPT_STATES, nowNs);\n    this.#host.end(',
    replace: '    this.#host.log.startAnew(request, KEPT_STATES, nowNs - 1);\n    this.#host.end(',
    why: 'Little: a client that went away was in the system for a nanosecond less',
  },
  {
    file: 'src/engine/requestLog.ts',
    find: '    this.scheduledNs[request] = -1;\n',
    replace: '    this.scheduledNs[request] += nowNs;\n',
    why: 'causality: a request that starts anew is scheduled after its first token',
  },
  {
    file: HANDOFF,
    find: "    way.stage = 'fetching';\n    way.sinceNs = nowNs;\n",
    replace: "    way.stage = 'fetching';\n",
    why: 'attribution: the transfer counts from when the request was sent',
  },
  {
    file: 'src/engine/decodeTimes.ts',
    find: '  gaps.add(gapNs, 1);\n',
    replace: '',
    why: 'gaps: those of sequences that travel apart are not counted',
  },
  {
    file: 'src/engine/driver.ts',
    find: '    this.#settledNs = oldest.endNs;\n',
    replace: '',
    why: 'busy time: passes that overlap count twice',
  },
  {
    file: 'src/cluster/network/degradations.ts',
    find: 'link.nowBytesPerS *= factor',
    replace: 'link.nowBytesPerS /= factor',
    why: 'links: a slow one is fast',
  },
  {
    file: 'src/cluster/network/degradations.ts',
    find: '    spells.passTo(nowNs);\n    for (const link of links) link.nowBytesPerS',
    replace: '    for (const link of links) link.nowBytesPerS',
    why: 'the links of a replica that joins have spells that are long over: time runs backwards',
  },
  {
    file: HANDOFF,
    find: '      worker.core.cancel(request, nowNs);\n',
    replace: '',
    why: 'a hand-over that is given up stays in the other worker',
  },
  {
    file: HANDOFF,
    find: '    if (way.isMoving) this.#host.network!.end(request, nowNs);\n',
    replace: '',
    why: 'a transfer that is given up goes on',
  },
  {
    file: 'src/engine/requestTable.ts',
    find: '  outputTokens[request] -= tokens;\n',
    replace: '',
    why: 'gaps: a request that goes on elsewhere generates all its tokens again',
  },
  {
    file: 'src/engine/requestLog.ts',
    find: '      spentNs -= vainNs;\n',
    replace: '',
    why: 'attribution: the pass that a crash cut off is lost from the books of a request that goes on',
  },
  {
    file: 'src/engine/driver.ts',
    find: 'return sequence.generated - sequence.owed;',
    replace: 'return Math.max(0, sequence.generated - sequence.owed - 1);',
    why: 'gaps: the last token that came out of a lost worker comes again',
  },
];
