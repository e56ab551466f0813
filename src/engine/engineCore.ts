import type { EngineTotals } from './engineTotals.ts';

/** What a worker tells the cluster. Called inside `runEvent`, at the event's own time. */
export interface EngineHost {
  /** The request's last token came out; its pages are free again. */
  finished(worker: number, request: number, nowNs: number): void;
  /** Prefill worker: the prompt's KV is ready to be fetched and stays held until `releaseHeld`. */
  prefilled(worker: number, request: number, nowNs: number): void;
  /** Decode worker: pages for a remote prompt are reserved and `missingTokens` of its KV must be fetched. */
  reserved(worker: number, request: number, missingTokens: number, nowNs: number): void;
  /** KV of the request comes up from the tiers below GPU memory: at `readyNs` call `remoteArrived`. */
  onboards(worker: number, request: number, readyNs: number): void;
}

/** A worker's state as a router or a chart may see it. */
export interface EngineLoad {
  running: number;
  /** Queued requests, those waiting for remote KV included. */
  waiting: number;
  /** Prompt tokens queued or scheduled only in part. */
  queuedPrefillTokens: number;
  /** KV pages held by requests (cached pages nobody holds do not count). */
  heldPages: number;
  usablePages: number;
}

/** Kinds of a worker's next event, in the order of equal times: the numbers are the cluster's event kinds. */
export const PASS_END = 0;
export const BATCH_FORMATION = 11;

/**
 * One worker: admits requests, batches them into passes, keeps their KV. Times given never decrease.
 * A worker publishes one next event; between events it may run ahead privately, and `advanceTo(t)` brings everything
 * readable up to t: passes that end at or before t have ended, batches due strictly before t are formed. A pass in flight is
 * immutable: whatever arrives meanwhile acts at its end. A core may have several passes in flight.
 */
export interface EngineCore {
  /** Time of the next event, Infinity when nothing will happen without new input. */
  readonly nextEventNs: number;
  /** PASS_END or BATCH_FORMATION. */
  readonly nextEventKind: number;
  readonly passesInFlight: number;
  /** Executes the event at `nextEventNs`. */
  runEvent(): void;
  advanceTo(nowNs: number): void;
  /** A request arrives for its whole life (aggregated) or its prompt (prefill worker). */
  enqueue(request: number, nowNs: number): void;
  /** Decode worker: a request whose prompt KV sits on a prefill worker. */
  enqueueRemote(request: number, nowNs: number): void;
  /**
   * KV has arrived: that asked for by `reserved` (where the time since then went, others have said), or that which `onboards` announced
   * for now (others are passed over).
   */
  remoteArrived(request: number, nowNs: number): void;
  /** Prefill worker: the KV held since `prefilled` has been fetched. */
  releaseHeld(request: number, nowNs: number): void;
  /**
   * The request, which is with this worker and not over, is given up: queued, waiting for remote KV, running, evicted or held. From
   * now on nothing of it is logged or reported, and it may come again at once. Passes in flight last as long as with it; its pages
   * are free for the batch formed next. Returns how many of its tokens came out here; the last one's time is in the log.
   */
  cancel(request: number, nowNs: number): number;
  /** The timer gives other durations from now on. Passes in flight last as long as they were going to. */
  retimed(nowNs: number): void;
  /** Whether the engine could ever serve `inputTokens` + `outputTokens`; if not, the request must be refused. */
  admits(inputTokens: number, outputTokens: number): boolean;
  /** Fills `load` with the state as of the last `advanceTo`. */
  readLoad(load: EngineLoad): void;
  /** Prompt tokens of the request that are in this worker's prefix cache. */
  cachedTokens(request: number): number;
  totals(): EngineTotals;
}

/** How a worker takes part in serving. */
export type EngineRole = 'aggregated' | 'prefill' | 'decode';
