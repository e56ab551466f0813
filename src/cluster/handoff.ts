import { NS_PER_S } from '../base/units.ts';
import { type RequestLog, STATE } from '../engine/requestLog.ts';
import { ALARM_KIND } from './alarms.ts';
import type { Clock } from './clock.ts';
import { HAND_OVER, TRANSFER_END } from './eventKinds.ts';
import type { Network } from './network/network.ts';
import type { TransferSpec } from './scenario.ts';
import type { HandOvers } from './simulationResult.ts';
import type { Worker } from './worker.ts';
import type { WorkerGroup } from './workerGroup.ts';

/** What the hand-over asks of the cluster. */
export interface HandoffHost {
  readonly log: RequestLog;
  readonly clock: Clock;
  readonly network: Network | null;
  /** The worker has one request more. */
  takeIn(worker: Worker, request: number): void;
  /** The worker has one request less. */
  letGo(worker: Worker, request: number, nowNs: number): void;
  /** The worker's next event may have changed. */
  reschedule(worker: Worker): void;
}

/** A request between a prefill and a decode worker. */
interface Way {
  readonly source: Worker;
  target: Worker | null;
  stage: 'reserving' | 'granted' | 'prefilling' | 'prefilled' | 'fetching';
  /** Prompt tokens whose KV is to move, and bytes of it that are not on the wire yet. */
  tokens: number;
  leftBytes: number;
  /** Something is on the network; without one, until when its own wire is taken. */
  isMoving: boolean;
  wireNs: number;
  /** Since when only the transfer keeps it waiting. */
  sinceNs: number;
  /** What the workers' cores know of it. */
  inSource: boolean;
  inTarget: boolean;
  /** When its next step, the arrival of its KV, and the end of patience with both are due; -1 = not. */
  dueNs: number;
  arrivalNs: number;
  timeoutNs: number;
}

/**
 * From prefill to decode. Source first (vLLM's connectors, TensorRT-LLM's context-first): the prompt is computed, a decode
 * worker reserves pages, the KV moves, the source lets go. Destination first (SGLang's bootstrap): pages are reserved before the prompt is
 * sent to its prefill worker; its KV may then move layer by layer while it is computed.
 */
export class Handoff {
  readonly #transfer: TransferSpec;
  readonly #prefill: WorkerGroup;
  readonly #decode: WorkerGroup;
  readonly #host: HandoffHost;
  readonly #ways = new Map<number, Way>();
  readonly record: HandOvers;
  /** By prefill worker: prompts whose KV streams as soon as they are begun. */
  readonly #toStream = new Map<Worker, Set<number>>();

  constructor(transfer: TransferSpec, prefill: WorkerGroup, decode: WorkerGroup, host: HandoffHost) {
    this.#transfer = transfer;
    this.#prefill = prefill;
    this.#decode = decode;
    this.#host = host;
    const { count } = host.log;
    this.record = { source: new Int32Array(count).fill(-1), reservedNs: new Float64Array(count).fill(-1) };
  }

  /** A request leaves the router, at which prefill workers are up. False if it cannot, as no decode worker is. */
  send(request: number, nowNs: number): boolean {
    const { log } = this.#host;
    const isDestinationFirst = this.#transfer.order === 'destination_first';
    let target: Worker | null = null;
    if (isDestinationFirst || this.#transfer.local !== undefined) {
      if (!this.#decode.isUp) return false;
      target = this.#decode.choose(request, nowNs);
      log.worker[request] = target.index;
      if (this.#isLocal(request, target, nowNs)) {
        this.#host.takeIn(target, request);
        target.core.enqueue(request, nowNs);
        this.#host.reschedule(target);
        return true;
      }
    }
    const source = this.#prefill.choose(request, nowNs);
    const way: Way = {
      source,
      target,
      stage: isDestinationFirst ? 'reserving' : 'prefilling',
      tokens: 0,
      leftBytes: 0,
      isMoving: false,
      wireNs: 0,
      sinceNs: nowNs,
      inSource: false,
      inTarget: false,
      dueNs: -1,
      arrivalNs: -1,
      timeoutNs: -1,
    };
    this.#ways.set(request, way);
    this.record.source[request] = source.index;
    this.#host.takeIn(source, request);
    if (isDestinationFirst) {
      this.#reserve(request, way, nowNs);
    } else {
      if (target === null) log.worker[request] = source.index;
      this.#compute(request, way, nowNs);
    }
    return true;
  }

  /** Whether the decode worker computes the prompt itself: little of it is not cached there, or prompts queue elsewhere. */
  #isLocal(request: number, target: Worker, nowNs: number): boolean {
    const { local } = this.#transfer;
    if (local === undefined) return false;
    target.core.advanceTo(nowNs);
    if (this.#decode.uncachedTokens(request, target) <= local.maxTokens) return true;
    return this.#prefill.waiting(nowNs) > local.maxQueue;
  }

  #compute(request: number, way: Way, nowNs: number): void {
    const { source } = way;
    way.inSource = true;
    source.core.enqueue(request, nowNs);
    this.#host.reschedule(source);
  }

  #reserve(request: number, way: Way, nowNs: number): void {
    const target = way.target!;
    way.inTarget = true;
    this.#setTimeout(request, way, nowNs);
    this.#host.log.worker[request] = target.index;
    this.#host.takeIn(target, request);
    target.core.enqueueRemote(request, nowNs);
    this.#host.reschedule(target);
  }

  #setTimeout(request: number, way: Way, nowNs: number): void {
    const { timeoutNs } = this.#transfer;
    if (timeoutNs === undefined) return;
    way.timeoutNs = nowNs + timeoutNs;
    this.#host.clock.alarms!.set(way.timeoutNs, ALARM_KIND.handOver, request);
  }

  /** A decode worker has pages for the prompt, of which it lacks `missingTokens`. */
  reserved(request: number, missingTokens: number, nowNs: number): void {
    const way = this.#ways.get(request)!;
    this.record.reservedNs[request] = nowNs;
    way.tokens = missingTokens;
    way.leftBytes = missingTokens * this.#transfer.kvBytesPerToken;
    if (way.stage === 'reserving') {
      way.stage = 'granted';
      way.timeoutNs = -1;
      this.#due(request, way, nowNs);
    } else {
      this.#fetch(request, way, nowNs);
    }
  }

  /** The prompt is computed. */
  prefilled(request: number, nowNs: number): void {
    const way = this.#ways.get(request)!;
    if (this.#transfer.order === 'destination_first') {
      this.#toStream.get(way.source)?.delete(request);
      this.#setTimeout(request, way, nowNs);
      this.#fetch(request, way, nowNs);
    } else {
      way.stage = 'prefilled';
      this.#due(request, way, nowNs);
    }
  }

  #due(request: number, way: Way, nowNs: number): void {
    way.dueNs = nowNs;
    this.#host.clock.at(nowNs, HAND_OVER, request);
  }

  /** The request's next step between workers is due, unless it was given up; false if it has to wait as no decode worker is up. */
  handOver(request: number, nowNs: number): boolean {
    const way = this.#ways.get(request);
    if (way === undefined || way.dueNs !== nowNs) return true;
    if (way.stage === 'granted') {
      way.stage = 'prefilling';
      if (this.#transfer.streamedShare !== undefined) this.#queueToStream(request, way);
      this.#compute(request, way, nowNs);
    } else {
      if (way.target !== null && way.target.presence.phase !== 'ready') {
        this.#decode.left(request, way.target, nowNs);
        way.target = null;
      }
      if (way.target === null) {
        if (!this.#decode.isUp) return false;
        way.target = this.#decode.choose(request, nowNs);
      }
      this.#reserve(request, way, nowNs);
    }
    way.dueNs = -1;
    return true;
  }

  /** The request, which may have had to wait for a decode worker, goes on; false if it is not between workers. */
  resume(request: number, nowNs: number): boolean {
    const way = this.#ways.get(request);
    if (way !== undefined) this.#due(request, way, nowNs);
    return way !== undefined;
  }

  /** Whether patience with the request's hand-over ends at that time. */
  isOverdue(request: number, timeNs: number): boolean {
    return this.#ways.get(request)?.timeoutNs === timeNs;
  }

  /** The request, if it is between workers, is given up by all of them but the one that is `dead`, which knows nothing any more. */
  abandon(request: number, dead: Worker | null, nowNs: number): boolean {
    const way = this.#ways.get(request);
    if (way === undefined) return false;
    const { source, target } = way;
    this.#ways.delete(request);
    this.record.source[request] = -1;
    this.#toStream.get(source)?.delete(request);
    if (way.isMoving) this.#host.network!.end(request, nowNs);
    this.#prefill.left(request, source, nowNs);
    if (source !== dead) this.#dismiss(request, source, way.inSource, nowNs);
    if (target === null) return true;
    this.#decode.left(request, target, nowNs);
    if (target !== dead && way.inTarget) this.#dismiss(request, target, true, nowNs);
    return true;
  }

  #dismiss(request: number, worker: Worker, isInCore: boolean, nowNs: number): void {
    if (isInCore) {
      worker.core.cancel(request, nowNs);
      this.#host.reschedule(worker);
    }
    this.#host.letGo(worker, request, nowNs);
  }

  #queueToStream(request: number, { source }: Way): void {
    const waiting = this.#toStream.get(source);
    if (waiting === undefined) this.#toStream.set(source, new Set([request]));
    else waiting.add(request);
  }

  /** After an event of a worker: prompts that it has just begun stream from now on. */
  stream(worker: Worker, nowNs: number): void {
    const waiting = this.#toStream.get(worker);
    if (waiting === undefined) return;
    for (const request of waiting) {
      if (this.#host.log.isBegun[request] === 0) continue;
      waiting.delete(request);
      const way = this.#ways.get(request)!;
      this.#move(request, way, way.leftBytes * this.#transfer.streamedShare!, nowNs);
    }
  }

  /** From now on the request waits for its KV only. */
  #fetch(request: number, way: Way, nowNs: number): void {
    way.stage = 'fetching';
    way.sinceNs = nowNs;
    if (!way.isMoving) this.#move(request, way, way.leftBytes, nowNs);
  }

  #move(request: number, way: Way, bytes: number, nowNs: number): void {
    const { bandwidthBytesPerS } = this.#transfer;
    const { network } = this.#host;
    way.leftBytes -= bytes;
    if (network !== null) {
      way.isMoving = true;
      network.begin(request, bytes, way.source.index, way.target!.index, bandwidthBytesPerS, nowNs);
      return;
    }
    way.wireNs = Math.max(way.wireNs, nowNs) + Math.round((bytes / bandwidthBytesPerS) * NS_PER_S);
    if (way.stage === 'fetching') this.#arrive(request, way, way.wireNs);
  }

  /** The last byte of what was on the network has left. */
  sent(request: number, nowNs: number): void {
    this.#host.network!.end(request, nowNs);
    const way = this.#ways.get(request)!;
    way.isMoving = false;
    if (way.stage !== 'fetching') return;
    if (way.leftBytes > 0) this.#move(request, way, way.leftBytes, nowNs);
    else this.#arrive(request, way, nowNs);
  }

  #arrive(request: number, way: Way, sentNs: number): void {
    const { source, target, tokens } = way;
    const { latencyNs, reshard } = this.#transfer;
    const nsPerToken = reshard?.[source.poolIndex]?.[target!.poolIndex] ?? 0;
    way.arrivalNs = sentNs + latencyNs + Math.round(tokens * nsPerToken);
    this.#host.clock.at(way.arrivalNs, TRANSFER_END, request);
  }

  /** The KV has arrived, unless it was given up: the decode worker may go on, and the source let go of it. */
  end(request: number, nowNs: number): void {
    const way = this.#ways.get(request);
    if (way === undefined || way.arrivalNs !== nowNs) return;
    const { source, target, sinceNs } = way;
    this.#ways.delete(request);
    this.#host.log.spend(request, STATE.transfer, nowNs - sinceNs);
    target!.core.remoteArrived(request, nowNs);
    this.#host.reschedule(target!);
    source.core.releaseHeld(request, nowNs);
    this.#host.reschedule(source);
    this.#host.letGo(source, request, nowNs);
  }
}
