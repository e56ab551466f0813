import { noteGap } from '../decodeTimes.ts';
import { STATE } from '../requestLog.ts';
import type { PlainJob } from './plainJob.ts';
import type { PlainState } from './plainState.ts';

/** Decode workers: requests whose KV was computed elsewhere join the running batch (get_new_prebuilt_batch). */
export class PlainPrebuilt {
  readonly #state: PlainState;
  readonly #finish: (job: PlainJob, nowNs: number) => void;

  /** `finish`: the job's last token, which came with its KV, is out. */
  constructor(state: PlainState, finish: (job: PlainJob, nowNs: number) => void) {
    this.#state = state;
    this.#finish = finish;
  }

  /** Decode worker: room for those next in line, places for those whose KV is here. */
  join(nowNs: number, isIdle: boolean): void {
    const { host, log, worker, config } = this.#state.setup;
    for (const job of this.#state.remote.reserve(this.#state.slot.running)) {
      log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
      job.accountedNs = nowNs;
      host.reserved(worker, job.request, job.inputTokens, nowNs);
    }
    const running = this.#state.slots.flatMap((slot) => slot.running);
    const joining = this.#state.remote.take(config.maxSequences - running.length);
    for (const job of joining) {
      this.#state.admitted.add(job);
      this.#state.joined.push(job);
      if (job.generated === 0) {
        job.generated = 1;
        job.owesToken = true;
      }
      if (job.output > 1) this.#state.slot.running.push(job);
    }
    // A batch without a forward pass: its tokens are out when the one before it, if there is one in this slot, is over.
    if (isIdle || this.#state.slots.length > 1) this.emit(nowNs);
    if (isIdle && joining.length > 0 && this.#state.slot.running.length === 0) this.join(nowNs, isIdle);
  }

  /** The first tokens of those that have joined come out. */
  emit(nowNs: number): void {
    const { ledger, log } = this.#state.setup;
    for (const job of this.#state.joined) {
      if (job.evictedNs >= 0) {
        log.spend(job.request, STATE.preemption, nowNs - job.evictedNs);
        job.evictedNs = -1;
      } else {
        log.spend(job.request, STATE.admissionQueue, nowNs - job.accountedNs);
      }
      job.accountedNs = nowNs;
      if (job.owesToken) {
        if (job.lastTokenNs < 0) log.firstTokenNs[job.request] = nowNs;
        else noteGap(job, nowNs, ledger.gaps, log);
        job.lastTokenNs = nowNs;
        job.owesToken = false;
      }
      if (job.output === 1) this.#finish(job, nowNs);
    }
    this.#state.joined = [];
  }
}
