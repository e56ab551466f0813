import { describe, expect, it } from 'vitest';
import type { SquareJob } from '../../test/fixtures/squareTask.ts';
import { localExecutor } from './executor.ts';
import type { Ask, Trial } from './trial.ts';

const taskModule = new URL('../../test/fixtures/squareTask.ts', import.meta.url);

function sharedNumbers(count: number) {
  const numbers = new Float64Array(new SharedArrayBuffer(count * 8));
  for (let i = 0; i < count; i++) numbers[i] = i + 0.5;
  return { numbers, deaths: new Int32Array(new SharedArrayBuffer(4)) };
}

async function told(threads: number, jobs: SquareJob[], control: { stopAfter?: number; signal?: AbortSignal } = {}) {
  const trials: Trial<number>[] = [];
  const asks: Ask<SquareJob>[] = jobs.map((job) => ({ id: `t${job.index}`, job }));
  const executor = localExecutor<SquareJob, number>(threads, { taskModule, shared: sharedNumbers(jobs.length) });
  await executor.run(asks, {
    ...(control.signal === undefined ? {} : { signal: control.signal }),
    onTold: (trial) => {
      trials.push(trial);
      return trials.length !== control.stopAfter;
    },
  });
  await executor.close();
  return trials;
}

const plainJobs = (count: number): SquareJob[] => Array.from({ length: count }, (_, index) => ({ index }));

describe.each([1, 2])('an executor of %i', (threads) => {
  it('runs one generation after the other', async () => {
    const executor = localExecutor<SquareJob, number>(threads, { taskModule, shared: sharedNumbers(6) });
    const results: number[] = [];
    for (const first of [0, 3]) {
      const asks = [0, 1, 2].map((step) => ({ id: String(first + step), job: { index: first + step } }));
      await executor.run(asks, {
        onTold: (trial) => {
          if (trial.status === 'done') results.push(trial.result);
          // The first generation is cut short; the second must not notice.
          return first > 0 || results.length < 2;
        },
      });
    }
    await executor.close();
    expect(results.slice(0, 2)).toEqual([0.25, 2.25]);
    expect(results.slice(-3)).toEqual([12.25, 20.25, 30.25]);
  });
});

describe('executors', () => {
  it('tells results in ask order, the same with one thread and two', async () => {
    const alone = await told(1, plainJobs(12));
    const together = await told(2, plainJobs(12));
    expect(alone.map((trial) => trial.id)).toEqual(plainJobs(12).map(({ index }) => `t${index}`));
    expect(alone[3]).toEqual({ id: 't3', status: 'done', result: 12.25 });
    expect(together).toEqual(alone);
  });

  it('makes a throwing job a failed trial with its message', async () => {
    for (const threads of [1, 2]) {
      const trials = await told(threads, [{ index: 0 }, { index: 1, misbehave: 'throw' }, { index: 2 }]);
      expect(trials.map((trial) => trial.status)).toEqual(['done', 'failed', 'done']);
      expect(trials[1]).toMatchObject({ message: 'no square of 1', repeatable: true });
    }
  });

  it('loses only the trial whose thread dies twice, and repeats one whose thread dies once', async () => {
    const jobs: SquareJob[] = plainJobs(8);
    jobs[2] = { index: 2, misbehave: 'exit' };
    jobs[5] = { index: 5, misbehave: 'exit_once' };
    const trials = await told(2, jobs);
    expect(trials.map((trial) => trial.status)).toEqual([
      'done',
      'done',
      'failed',
      'done',
      'done',
      'done',
      'done',
      'done',
    ]);
    expect(trials[5]).toMatchObject({ result: 30.25 });
  });

  it('keeps what finished when told to stop, and cancels the rest', async () => {
    for (const threads of [1, 2]) {
      // The last job would take half a minute: the others may well be done before the threads hear of the stop.
      const jobs: SquareJob[] = [...plainJobs(39), { index: 39, misbehave: 'sleep' }];
      const trials = await told(threads, jobs, { stopAfter: 3 });
      expect(trials).toHaveLength(40);
      expect(trials.slice(0, 3).every((trial) => trial.status === 'done')).toBe(true);
      expect(trials.at(-1)).toEqual({ id: 't39', status: 'cancelled' });
    }
  });

  it('ends a running trial when the signal aborts', async () => {
    const control = new AbortController();
    const jobs: SquareJob[] = [{ index: 0 }, { index: 1, misbehave: 'sleep' }, { index: 2 }];
    setTimeout(() => control.abort(), 2_500);
    const started = performance.now();
    const trials = await told(2, jobs, { signal: control.signal });
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(trials[0].status).toBe('done');
    expect(trials[1].status).toBe('cancelled');
  });
});
