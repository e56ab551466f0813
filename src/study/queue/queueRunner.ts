import { createHash } from 'node:crypto';
import type { Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { canonicalJson } from '../../base/canonicalJson.ts';
import { type Ask, settledBy, type Trial } from '../trial.ts';
import type { TrialRunner } from '../trialRunner.ts';
import { BatchSize } from './batchSize.ts';
import { type BatchJob, type BatchResult, queueName, SHARED_SECONDS, sharedKey, threadsIn } from './protocol.ts';
import { anotherConnection, connectRedis, loadQueuePackage } from './redis.ts';
import { packShared, type SharedBlob } from './sharedBlob.ts';

/** A batch whose worker vanished goes to another one this often before its trials count as failed. */
const ATTEMPTS = 3;
/** How often to check that batches in flight are still known: a server that restarts may have forgotten them. */
const CHECK_MS = 2_000;
const CHECKED_AT_ONCE = 64;
/** Finished batches stay this long, so that asking again finds their results; the last of them only, for the server's memory. */
const KEEP_SECONDS = 24 * 3600;
const KEPT_BATCHES = 5_000;
/** Threads to provide for before any worker has been seen. */
const LEAST_THREADS = 32;
/** Batches in flight for each thread that listens: one at work, one on its way. */
const BATCHES_PER_THREAD = 2;

interface Pending<J, Result> {
  readonly ask: Ask<J>;
  readonly settle: (trial: Trial<Result>) => void;
}

interface Batch<J, Result> {
  readonly id: string;
  readonly data: BatchJob<J>;
  readonly pending: readonly Pending<J, Result>[];
}

export interface QueueTask {
  /** Redis or Valkey. */
  readonly url: string;
  /** Name of the task module as `dynosim worker` knows it. */
  readonly task: string;
  readonly shared: unknown;
  /** `engineFingerprint()`. */
  readonly engine: string;
}

/**
 * Runs trials on whatever workers listen to a BullMQ queue. Batches are named by their content, so a repeated search finds
 * the results of the one before, and a batch that the server forgot is put in again without running twice.
 */
export class QueueRunner<J, Result> implements TrialRunner<J, Result> {
  /** The first for commands, the second for events, which block it. */
  readonly #connections: readonly [Redis, Redis];
  readonly #events: QueueEvents;
  readonly #queue: Queue<BatchJob<J>, BatchResult<Result>>;
  readonly #task: QueueTask;
  readonly #blob: SharedBlob;
  readonly #size = new BatchSize();
  readonly #waiting: Pending<J, Result>[] = [];
  readonly #batches = new Map<string, Batch<J, Result>>();
  readonly #timer: NodeJS.Timeout;
  #isFlushDue = false;
  #threads = 0;

  private constructor(
    connections: readonly [Redis, Redis],
    events: QueueEvents,
    queue: Queue<BatchJob<J>, BatchResult<Result>>,
    task: QueueTask,
    blob: SharedBlob,
  ) {
    this.#connections = connections;
    this.#events = events;
    this.#queue = queue;
    this.#task = task;
    this.#blob = blob;
    events.on('completed', ({ jobId }) => void this.#look(jobId));
    events.on('failed', ({ jobId }) => void this.#look(jobId));
    // Lost connections come back by themselves; what they cost is found by the check.
    events.on('error', () => undefined);
    queue.on('error', () => undefined);
    this.#timer = setInterval(() => void this.#check(), CHECK_MS);
  }

  /** @throws InputError when the server cannot be reached. */
  static async connect<J, Result>(task: QueueTask): Promise<QueueRunner<J, Result>> {
    const redis = await connectRedis(task.url);
    const { Queue, QueueEvents } = await loadQueuePackage(() => import('bullmq'));
    const name = queueName(task.engine);
    const blob = packShared(task.shared);
    const connections = [redis, anotherConnection(redis)] as const;
    const queue = new Queue<BatchJob<J>, BatchResult<Result>>(name, { connection: connections[0] });
    const events = new QueueEvents(name, { connection: connections[1] });
    await events.waitUntilReady();
    const runner = new QueueRunner<J, Result>(connections, events, queue, task, blob);
    await runner.#share();
    return runner;
  }

  /** Trials that keep the workers of today busy; they come and go. */
  get slots(): number {
    return this.#mostBatches * this.#size.trials;
  }

  get #mostBatches(): number {
    return BATCHES_PER_THREAD * Math.max(LEAST_THREADS, this.#threads);
  }

  /** Threads of all workers that listen now. */
  async threads(): Promise<number> {
    const workers = await this.#queue.getWorkers();
    this.#threads = workers.reduce((sum, { rawname }) => sum + threadsIn(rawname), 0);
    return this.#threads;
  }

  start(ask: Ask<J>): Promise<Trial<Result>> {
    return new Promise((settle) => {
      this.#waiting.push({ ask, settle });
      this.#flushSoon();
    });
  }

  cancel(): void {
    const batches = [...this.#batches.values()];
    this.#batches.clear();
    const pending = [...batches.flatMap((batch) => batch.pending), ...this.#waiting.splice(0)];
    for (const { ask, settle } of pending) settle({ id: ask.id, status: 'cancelled' });
    // A batch that a worker has begun stays: its result may be asked for again.
    for (const { id } of batches) this.#queue.remove(id).catch(() => undefined);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.cancel();
    await Promise.allSettled([this.#events.close(), this.#queue.close()]);
    for (const connection of this.#connections) connection.disconnect();
  }

  #flushSoon(): void {
    if (this.#isFlushDue || this.#waiting.length === 0) return;
    this.#isFlushDue = true;
    setImmediate(() => void this.#flush());
  }

  /** Puts what waits into batches, and these on the queue. */
  async #flush(): Promise<void> {
    this.#isFlushDue = false;
    while (this.#waiting.length > 0 && this.#batches.size < this.#mostBatches) {
      // The last few are shared out rather than left to one worker.
      const share = Math.ceil(this.#waiting.length / Math.max(1, this.#threads));
      const pending = this.#waiting.splice(0, Math.min(this.#size.trials, share));
      const data: BatchJob<J> = {
        task: this.#task.task,
        shared: this.#blob.hash,
        jobs: pending.map(({ ask }) => ask.job),
      };
      const id = createHash('sha256').update(canonicalJson(data)).digest('hex');
      const batch = { id, data, pending };
      this.#batches.set(id, batch);
      // A server that is away gets it at the next check.
      await this.#put(batch).catch(() => undefined);
    }
  }

  async #put({ id, data }: Batch<J, Result>): Promise<void> {
    await this.#queue.add('batch', data, {
      jobId: id,
      attempts: ATTEMPTS,
      removeOnComplete: { age: KEEP_SECONDS, count: KEPT_BATCHES },
      // Dead letters: kept for a look, with the reason and the trials in them.
      removeOnFail: { age: KEEP_SECONDS },
    });
    // A batch of this content may have been finished before: then no event will tell.
    await this.#look(id);
  }

  async #share(): Promise<void> {
    await this.#connections[0].set(sharedKey(this.#blob.hash), this.#blob.bytes, 'EX', SHARED_SECONDS);
  }

  async #check(): Promise<void> {
    try {
      await this.threads();
      if (
        this.#batches.size > 0 &&
        (await this.#connections[0].expire(sharedKey(this.#blob.hash), SHARED_SECONDS)) === 0
      ) {
        await this.#share();
      }
      // The oldest are what everyone waits for; the rest follows as they go.
      for (const id of [...this.#batches.keys()].slice(0, CHECKED_AT_ONCE)) await this.#look(id);
    } catch {
      // The server is away; the next check may find it.
    }
  }

  async #look(id: string): Promise<void> {
    const batch = this.#batches.get(id);
    if (batch === undefined) return;
    const state = await this.#queue.getJobState(id);
    if (state === 'unknown') return this.#put(batch);
    if (state !== 'completed' && state !== 'failed') return;
    // Fetched after its state: what was fetched before could lack the result.
    const job = await this.#queue.getJob(id);
    if (job === undefined) return this.#put(batch);
    if (state === 'completed') this.#completed(batch, job.returnvalue);
    else this.#failed(batch, job.failedReason);
  }

  #completed(batch: Batch<J, Result>, { replies, busyMs }: BatchResult<Result>): void {
    if (!this.#batches.delete(batch.id)) return;
    this.#size.observe(replies.length, busyMs);
    batch.pending.forEach(({ ask, settle }, index) => {
      const reply = replies[index];
      if (reply.ok === null) settle({ id: ask.id, status: 'failed', message: reply.message, repeatable: false });
      else settle(settledBy(ask.id, reply));
    });
    this.#flushSoon();
  }

  #failed(batch: Batch<J, Result>, reason: string): void {
    if (!this.#batches.delete(batch.id)) return;
    const message = `its workers failed ${ATTEMPTS} times: ${reason}`;
    for (const { ask, settle } of batch.pending) settle({ id: ask.id, status: 'failed', message, repeatable: false });
    this.#flushSoon();
  }
}
