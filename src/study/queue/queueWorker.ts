import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ThreadPool } from '../threads.ts';
import type { TaskSource } from '../trialRunner.ts';
import { type BatchJob, type BatchResult, queueName, sharedKey, workerName } from './protocol.ts';
import { anotherConnection, connectRedis, loadQueuePackage } from './redis.ts';
import { unpackShared } from './sharedBlob.ts';
import { SharedPools } from './sharedPools.ts';

/** A batch whose worker has been silent for so long goes to another one. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 3_000;
/** Machines may die under a batch this often before it is given up. */
const MOST_STALLS = 10;

export interface WorkerOptions {
  readonly url: string;
  readonly threads: number;
  /** `engineFingerprint()`. */
  readonly engine: string;
  /** Modules of the tasks it serves, by name. */
  readonly tasks: Readonly<Record<string, URL>>;
  readonly onBatch?: (trials: number, busyMs: number) => void;
}

/** Serves a queue: takes batches and simulates them in threads, so that the event loop is free to renew its locks. */
export class QueueWorker {
  readonly #options: WorkerOptions;
  readonly #redis: Redis;
  #worker: Worker | null = null;
  #workerRedis: Redis | null = null;
  readonly #pools: SharedPools;

  private constructor(options: WorkerOptions, redis: Redis) {
    this.#options = options;
    this.#redis = redis;
    this.#pools = new SharedPools(options.threads);
  }

  /** @throws InputError when the server cannot be reached. */
  static async connect(options: WorkerOptions): Promise<QueueWorker> {
    const redis = await connectRedis(options.url);
    const bullmq = await loadQueuePackage(() => import('bullmq'));
    const worker = new QueueWorker(options, redis);
    worker.#workerRedis = anotherConnection(redis);
    worker.#worker = new bullmq.Worker<BatchJob<unknown>, BatchResult<unknown>>(
      queueName(options.engine),
      ({ data }) => worker.#serve(data),
      {
        connection: worker.#workerRedis,
        name: workerName(options.threads),
        // Two batches a thread would finish no sooner; one more than threads hides the way to the server.
        concurrency: options.threads + 1,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: MOST_STALLS,
      },
    );
    // Lost connections come back by themselves.
    worker.#worker.on('error', () => undefined);
    await worker.#worker.waitUntilReady();
    return worker;
  }

  /** Finishes what has begun, takes nothing new. */
  async close(): Promise<void> {
    await this.#worker?.close();
    this.#workerRedis?.disconnect();
    await this.#pools.close();
    this.#redis.disconnect();
  }

  #serve({ task, shared, jobs }: BatchJob<unknown>): Promise<BatchResult<unknown>> {
    return this.#pools.use(
      `${task}/${shared}`,
      () => this.#fetch(task, shared),
      (pool) => this.#run(jobs, pool),
    );
  }

  async #run(jobs: readonly unknown[], pool: ThreadPool<unknown, unknown>): Promise<BatchResult<unknown>> {
    const startedMs = performance.now();
    const replies: BatchResult<unknown>['replies'][number][] = [];
    for (const [index, job] of jobs.entries()) {
      const trial = await pool.start({ id: String(index), job });
      if (trial.status === 'done') replies.push({ ok: true, result: trial.result });
      else if (trial.status !== 'failed') throw new Error('the worker was stopped');
      else if (trial.repeatable) replies.push({ ok: false, message: trial.message });
      else replies.push({ ok: null, message: trial.message });
    }
    const busyMs = performance.now() - startedMs;
    this.#options.onBatch?.(jobs.length, busyMs);
    return { replies, busyMs };
  }

  /** What the trials of a search share comes from the server once. */
  async #fetch(task: string, hash: string): Promise<TaskSource> {
    const taskModule = this.#options.tasks[task];
    if (taskModule === undefined) throw new Error(`this worker knows no task "${task}"`);
    const bytes = await this.#redis.getBuffer(sharedKey(hash));
    if (bytes === null) throw new Error('the server no longer has what the trials share');
    return { taskModule, shared: unpackShared(bytes) };
  }
}
