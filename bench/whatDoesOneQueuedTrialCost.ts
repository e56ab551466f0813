/**
 * What does one queued trial cost whom? CPU of the searching process, of the server and of the worker per batch and per
 * trial, from runs of empty trials. `--queue redis://...`; the figures behind the estimate in docs/studies.md.
 */
import { spawn } from 'node:child_process';
import { Redis } from 'ioredis';
import { queueName } from '../src/study/queue/protocol.ts';
import { QueueRunner } from '../src/study/queue/queueRunner.ts';
import type { SpinJob, SpinResult } from '../test/fixtures/spinTask.ts';

const url = process.argv[process.argv.indexOf('--queue') + 1];
const engine = `cost-${process.pid}`;
const script = new URL('./queueBenchWorker.ts', import.meta.url).pathname;
const worker = spawn(process.execPath, ['--import', 'tsx', script, url, engine], { stdio: 'inherit' });
const redis = new Redis(url);

/** CPU of the server, in ms, and the bytes it has taken in and given out. */
async function server(): Promise<{ cpuMs: number; bytes: number }> {
  const text = `${await redis.info('cpu')}${await redis.info('stats')}`;
  const field = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(text)![1]);
  return {
    cpuMs: 1000 * (field('used_cpu_user') + field('used_cpu_sys')),
    bytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
  };
}

/** Empty trials, but with a job as large as one of `recommend`. */
const padding = 'x'.repeat(Number(process.env.JOB_BYTES ?? 1500));
const runner = await QueueRunner.connect<SpinJob, SpinResult>({ url, task: 'spin', shared: {}, engine });
await Promise.all([0, 1, 2].map((index) => runner.start({ id: `${index}`, job: { index, steps: 1 } })));
const trials = 20_000;
/** How many are on the queue at once decides how large the batches become. */
for (const atOnce of [1, 64, 1024]) {
  const count = Math.min(trials, 400 * atOnce);
  const before = await server();
  const batchesBefore = await redis.zcard(`bull:${queueName(engine)}:completed`);
  const cpu = process.cpuUsage();
  let done = 0;
  let asked = 0;
  await new Promise<void>((resolve) => {
    const feed = (): void => {
      while (asked < count && asked - done < atOnce) {
        const job: SpinJob & { padding: string } = { index: atOnce * 1e6 + asked++, steps: 1, padding };
        void runner.start({ id: `${job.index}`, job }).then(() => {
          done += 1;
          if (done === count) resolve();
          else feed();
        });
      }
    };
    feed();
  });
  const used = process.cpuUsage(cpu);
  const after = await server();
  const batches = (await redis.zcard(`bull:${queueName(engine)}:completed`)) - batchesBefore;
  const each = (total: number): string => (total / batches).toFixed(3);
  console.log(
    `${(count / batches).toFixed(1)} trials a batch (${batches} batches): search ${each((used.user + used.system) / 1000)} ms, ` +
      `server ${each(after.cpuMs - before.cpuMs)} ms, ${each((after.bytes - before.bytes) / 1024)} KiB a batch`,
  );
}
await runner.close();
redis.disconnect();
worker.kill('SIGTERM');
