/**
 * What do keeping and queueing trials cost? Trials per second with a study against without, and with two workers behind a
 * queue against two threads, as ratios of runs that take turns. `--queue redis://...` for the second; needs a quiet machine.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Executor, localRunner } from '../src/study/executor.ts';
import { QueueRunner } from '../src/study/queue/queueRunner.ts';
import { StoredRunner, type TrialCodec } from '../src/study/store/storedRunner.ts';
import { StudyStore } from '../src/study/store/studyStore.ts';
import type { TrialRunner } from '../src/study/trialRunner.ts';
import { prepare, type SpinJob, type SpinResult } from '../test/fixtures/spinTask.ts';

const ROUNDS = 7;
const THREADS = 2;
const TASK = { taskModule: new URL('../test/fixtures/spinTask.ts', import.meta.url), shared: null };
const CODEC: TrialCodec<SpinJob, SpinResult> = {
  facts: ({ index, steps }) => ({
    key: `${index}-${steps}`,
    kind: 'spin',
    contentHash: `${index}`,
    config: { index, steps },
    seed: 0,
  }),
  encode: (result) => ({ passes: 1, report: result, rest: null }),
  decode: ({ report }) => report as SpinResult,
};

/** Steps of a task that take about `ms`. */
function stepsOf(ms: number): number {
  const run = prepare();
  const probe = 20_000_000;
  run({ index: 0, steps: probe });
  const startedMs = performance.now();
  run({ index: 0, steps: probe });
  return Math.round((probe * ms) / (performance.now() - startedMs));
}

async function trialsPerSecond(
  runner: TrialRunner<SpinJob, SpinResult>,
  trials: number,
  steps: number,
): Promise<number> {
  const executor = new Executor(runner);
  const asks = (count: number, first: number) =>
    Array.from({ length: count }, (_, k) => ({ id: `${first + k}`, job: { index: first + k, steps } }));
  // Threads, connections and statements are made before the clock starts.
  await executor.run(asks(2 * THREADS, 1e6), { onTold: () => true });
  const startedMs = performance.now();
  await executor.run(asks(trials, 0), { onTold: () => true });
  const seconds = (performance.now() - startedMs) / 1000;
  await executor.close();
  return trials / seconds;
}

function report(question: string, ratios: readonly number[]): void {
  const sorted = [...ratios].sort((a, b) => a - b);
  const text = sorted.map((ratio) => ratio.toFixed(3)).join(' ');
  console.log(
    `${question}: median ${sorted[Math.floor(sorted.length / 2)].toFixed(3)} of the trials per second (${text})`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'dynosim-bench-'));
for (const ms of [10, 30]) {
  const kept: number[] = [];
  const trials = Math.round(4000 / ms);
  for (let round = 0; round < ROUNDS; round++) {
    const steps = stepsOf(ms);
    const plain = (): Promise<number> => trialsPerSecond(localRunner(THREADS, TASK), trials, steps);
    const stored = async (): Promise<number> => {
      const store = await StudyStore.open(join(folder, `${ms}-${round}.db`), { version: '0', engine: 'bench' });
      const rate = await trialsPerSecond(new StoredRunner(localRunner(THREADS, TASK), store, CODEC), trials, steps);
      store.close();
      return rate;
    };
    // Who goes second finds a warmer machine: they take turns at that, too.
    const rates = round % 2 === 0 ? [await plain(), await stored()] : [await stored(), await plain()].reverse();
    kept.push(rates[1] / rates[0]);
  }
  report(`with a study, trials of ${ms} ms on two threads`, kept);
}
rmSync(folder, { recursive: true });

const url = process.argv[process.argv.indexOf('--queue') + 1];
if (process.argv.includes('--queue') && url !== undefined) {
  const engine = `bench-${process.pid}`;
  const script = new URL('./queueBenchWorker.ts', import.meta.url).pathname;
  const workers = [0, 1].map(() =>
    spawn(process.execPath, ['--import', 'tsx', script, url, engine], { stdio: 'inherit' }),
  );
  const steps = stepsOf(100);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const threads = await trialsPerSecond(localRunner(THREADS, TASK), 100, steps + round);
    const runner = await QueueRunner.connect<SpinJob, SpinResult>({ url, task: 'spin', shared: { round }, engine });
    ratios.push((await trialsPerSecond(runner, 100, steps + round)) / threads);
  }
  report('two workers behind a queue against two threads, trials of 100 ms', ratios);
  for (const worker of workers) worker.kill('SIGTERM');
}
