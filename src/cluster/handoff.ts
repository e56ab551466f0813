import { NS_PER_S } from '../base/units.ts';
import type { Clock } from './clock.ts';
import { FOLLOW_UP, TRANSFER_END } from './eventKinds.ts';
import type { Network } from './network/network.ts';
import type { TransferSpec } from './scenario.ts';
import type { Worker } from './worker.ts';

/** From prefill to decode, source first: the prompt is computed, a decode worker reserves pages, the KV moves, the source lets go. */
export class Handoff {
  readonly #transfer: TransferSpec;
  readonly #clock: Clock;
  readonly #network: Network | null;
  /** Where the request's prompt is computed, or held. */
  readonly #source: (Worker | null)[];
  readonly #prefilled: Uint8Array;

  constructor(transfer: TransferSpec, clock: Clock, network: Network | null, requests: number) {
    this.#transfer = transfer;
    this.#clock = clock;
    this.#network = network;
    this.#source = new Array<Worker | null>(requests).fill(null);
    this.#prefilled = new Uint8Array(requests);
  }

  /** Whether the request's prompt has been computed and waits for a decode worker. */
  isDue(request: number): boolean {
    return this.#prefilled[request] === 1;
  }

  /** The request was sent to a prefill worker. */
  begin(request: number, source: Worker): void {
    this.#source[request] = source;
  }

  prefilled(request: number, nowNs: number): void {
    this.#prefilled[request] = 1;
    this.#clock.at(nowNs, FOLLOW_UP, request);
  }

  /** A decode worker has room: what is missing there begins to move. */
  reserved(worker: number, request: number, missingTokens: number, nowNs: number): void {
    const { bandwidthBytesPerS, latencyNs, kvBytesPerToken } = this.#transfer;
    const bytes = missingTokens * kvBytesPerToken;
    if (this.#network !== null) {
      this.#network.begin(request, bytes, this.#source[request]!.index, worker, bandwidthBytesPerS, nowNs);
      return;
    }
    const wireNs = Math.round((bytes / bandwidthBytesPerS) * NS_PER_S);
    this.#clock.at(nowNs + latencyNs + wireNs, TRANSFER_END, request);
  }

  /** The last byte has left. */
  sent(request: number, nowNs: number): void {
    this.#network!.end(request, nowNs);
    this.#clock.at(nowNs + this.#transfer.latencyNs, TRANSFER_END, request);
  }

  /** The KV has arrived: the source may let go of it. Returns the source, whose next event may have changed. */
  end(request: number, nowNs: number): Worker {
    const source = this.#source[request]!;
    this.#source[request] = null;
    source.core.releaseHeld(request, nowNs);
    return source;
  }
}
