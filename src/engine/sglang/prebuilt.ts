import { emit } from '../emit.ts';
import type { Lane } from '../lane.ts';
import { STATE } from '../requestLog.ts';
import type { Sequence } from '../sequence.ts';
import type { RankState } from './rankState.ts';

/** Decode workers: requests whose KV was computed elsewhere join the running batch (get_new_prebuilt_batch). */
export class Prebuilt {
  readonly #state: RankState;
  readonly #finish: (sequence: Sequence, nowNs: number) => void;

  /** `finish`: the sequence's last token, which came with its KV, is out. */
  constructor(state: RankState, finish: (sequence: Sequence, nowNs: number) => void) {
    this.#state = state;
    this.#finish = finish;
  }

  /** Room for those next in line, places for those whose KV is here; `isIdle`: nothing is in flight. */
  join(lane: Lane, nowNs: number, isIdle: boolean): void {
    const state = this.#state;
    const { remote, slot } = state;
    if (remote.isStill) return;
    const { host, log, worker, config } = state.setup;
    for (const sequence of remote.reserve(slot.running.states())) {
      const { request, inputTokens } = sequence;
      log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
      sequence.accountedNs = nowNs;
      host.reserved(worker, request, inputTokens, nowNs);
    }
    const joining = remote.take(
      state.slots.reduce((places, { running }) => places - running.size, config.maxSequences),
    );
    for (const sequence of joining) {
      state.admitted += 1;
      state.joined.push(sequence);
      state.noteJoining(sequence);
      if (sequence.generated === 0) {
        sequence.generated = 1;
        sequence.owed = 1;
      }
      if (sequence.outputTokens > 1) lane.add(sequence);
    }
    // A batch without a forward pass: its tokens are out when the one before it, if there is one in this slot, is over.
    if (isIdle || state.slots.length > 1) this.emit(nowNs);
    if (isIdle && joining.length > 0 && slot.running.size === 0) this.join(lane, nowNs, isIdle);
  }

  /** The first tokens of those that have joined come out. */
  emit(nowNs: number): void {
    const { joined, setup } = this.#state;
    if (joined.length === 0) return;
    const { lanes, ledger, log, role } = setup;
    for (const sequence of joined) {
      const { request } = sequence;
      if (sequence.evictedNs >= 0) {
        log.spend(request, STATE.preemption, nowNs - sequence.evictedNs);
        sequence.evictedNs = -1;
      } else {
        log.spend(request, STATE.admissionQueue, nowNs - sequence.accountedNs);
      }
      sequence.accountedNs = nowNs;
      if (sequence.owed > 0) {
        emit(sequence, nowNs, role, log, ledger);
        sequence.owed = 0;
      }
      if (sequence.outputTokens === 1) this.#finish(sequence, nowNs);
      else {
        const { times } = lanes[sequence.lane];
        times.waitUntil(nowNs);
        times.startCounting(sequence);
      }
    }
    this.#state.joined = [];
  }
}
