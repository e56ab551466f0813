import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../base/inputError.ts';
import { Executor } from '../executor.ts';
import type { Ask, Trial } from '../trial.ts';
import type { TrialRunner } from '../trialRunner.ts';
import { Database } from './database.ts';
import { StoredRunner, type TrialCodec } from './storedRunner.ts';
import { StudyFile } from './studyFile.ts';
import { type StoredTrial, StudyStore } from './studyStore.ts';

const PROGRAM = { version: '1.0.0', engine: 'aaaa' };
const CODEC: TrialCodec<number, number> = {
  facts: (job) => ({ key: `k${job}`, kind: 'square', contentHash: `c${job}`, config: { job }, seed: 0 }),
  encode: (result) => ({ passes: result, report: null, rest: { result } }),
  decode: ({ rest }) => (rest as { result: number }).result,
};

/** Squares at once, and remembers what it was given; `trials` says what becomes of some of them instead. */
class Squares implements TrialRunner<number, number> {
  readonly slots = 2;
  readonly ran: number[] = [];
  readonly trials: ReadonlyMap<number, Trial<number>>;

  constructor(trials: ReadonlyMap<number, Trial<number>> = new Map()) {
    this.trials = trials;
  }

  start({ id, job }: Ask<number>): Promise<Trial<number>> {
    this.ran.push(job);
    return Promise.resolve(this.trials.get(job) ?? { id, status: 'done', result: job * job });
  }

  cancel(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynosim-study-'));
  file = join(folder, 'study.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const jobs = (count: number): Ask<number>[] => Array.from({ length: count }, (_, job) => ({ id: String(job), job }));

async function runAll(store: StudyStore, runner: Squares, asks = jobs(6)): Promise<Trial<number>[]> {
  const trials: Trial<number>[] = [];
  const executor = new Executor(new StoredRunner(runner, store, CODEC));
  await executor.run(asks, { onTold: (trial) => trials.push(trial) > 0 });
  await executor.close();
  return trials;
}

describe('a study', () => {
  it('runs no trial twice, and tells what it knows in the same order', async () => {
    const first = await StudyStore.open(file, PROGRAM);
    const fresh = new Squares();
    const before = await runAll(first, fresh);
    first.close();
    const second = await StudyStore.open(file, PROGRAM);
    const again = new Squares();
    const after = await runAll(second, again, jobs(8));
    second.close();
    expect(fresh.ran).toEqual([0, 1, 2, 3, 4, 5]);
    expect(again.ran).toEqual([6, 7]);
    expect(after.slice(0, 6)).toEqual(before);
    expect(after[7]).toEqual({ id: '7', status: 'done', result: 49 });
  });

  it('keeps a failure that would happen again, and gives back what was cut off or died', async () => {
    const store = await StudyStore.open(file, PROGRAM);
    const failed: Trial<number> = { id: '1', status: 'failed', message: 'no', repeatable: true };
    const died: Trial<number> = { id: '2', status: 'failed', message: 'its thread died', repeatable: false };
    const trials = new Map<number, Trial<number>>([
      [1, failed],
      [2, died],
      [3, { id: '3', status: 'cancelled' }],
    ]);
    expect((await runAll(store, new Squares(trials), jobs(4))).slice(1)).toEqual([failed, died, trials.get(3)]);
    const again = new Squares();
    expect((await runAll(store, again, jobs(4)))[1]).toEqual(failed);
    expect(again.ran).toEqual([2, 3]);
    store.close();
  });

  it('shared by two at once, runs each trial once between them', async () => {
    const stores = [await StudyStore.open(file, PROGRAM), await StudyStore.open(file, PROGRAM)];
    const runners = [new Squares(), new Squares()];
    const told = await Promise.all(stores.map((store, k) => runAll(store, runners[k], jobs(40))));
    for (const store of stores) store.close();
    expect(told[0]).toEqual(told[1]);
    expect([...runners[0].ran, ...runners[1].ran].sort((a, b) => a - b)).toEqual(jobs(40).map(({ job }) => job));
  });

  it('waits for a trial that another living process has claimed, not for one that a dead process has', async () => {
    const store = await StudyStore.open(file, PROGRAM);
    const other = await StudyStore.open(file, PROGRAM);
    expect(other.claim(CODEC.facts(3)).status).toBe('claimed');
    expect(store.claim(CODEC.facts(3)).status).toBe('busy');
    const database = await Database.open(file, 'existing');
    // A process that has surely ended.
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    database.run('update claimants set pid = ?', pid);
    expect(store.claim(CODEC.facts(3)).status).toBe('claimed');
    database.close();
    other.close();
    store.close();
  });

  it('does not take the results of a program with other code, and says whose they are', async () => {
    const store = await StudyStore.open(file, PROGRAM);
    await runAll(store, new Squares(), jobs(3));
    store.close();
    const newer = await StudyStore.open(file, { version: '1.1.0', engine: 'bbbb' });
    expect(newer.foreignTrials()).toEqual([{ version: '1.0.0', count: 3 }]);
    const runner = new Squares();
    await runAll(newer, runner, jobs(3));
    newer.close();
    expect(runner.ran).toEqual([0, 1, 2]);
    const study = await StudyFile.open(file);
    expect(study.trials()).toHaveLength(6);
    expect(study.removeForeign('bbbb')).toBe(3);
    expect(study.trials().map(({ engine }) => engine)).toEqual(['bbbb', 'bbbb', 'bbbb']);
    study.close();
  });

  it('takes in another one', async () => {
    const other = join(folder, 'other.db');
    for (const [path, asks] of [
      [file, jobs(4)],
      [other, jobs(6).slice(2)],
    ] as const) {
      const store = await StudyStore.open(path, PROGRAM);
      store.begin({ goal: `g-${path === file}`, config: {}, objectives: [] });
      await runAll(store, new Squares(), [...asks]);
      store.finish('done', { pick: path });
      store.close();
    }
    const [into, from] = [await StudyFile.open(file), await StudyFile.open(other)];
    expect(into.merge(from)).toBe(2);
    expect(into.merge(from)).toBe(0);
    expect(into.trials()).toHaveLength(6);
    expect(into.goals().map(({ done, status }) => [done, status])).toEqual([
      [4, 'done'],
      [4, 'done'],
    ]);
    expect(into.removeGoal('g-true')).toBe(2);
    expect(into.trials().map(({ contentHash }) => contentHash)).toEqual(['c2', 'c3', 'c4', 'c5']);
    into.close();
    from.close();
  });
});

describe('what is wrong with a study file', () => {
  const complaint = async (work: () => Promise<unknown>): Promise<string> => {
    try {
      await work();
      return 'nothing';
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      return (error as Error).message;
    }
  };

  it('is said in one line', async () => {
    expect(await complaint(() => StudyFile.open(file))).toBe(`${file}: there is no such study`);
    writeFileSync(file, 'certainly no database, whatever its name may say');
    expect(await complaint(() => StudyFile.open(file))).toBe(`${file}: is not a study: SQLite cannot read it`);
    const nowhere = '/proc/none/study.db';
    expect(await complaint(() => StudyStore.open(nowhere, PROGRAM))).toBe(
      `${nowhere}: cannot be written (is its folder there, and writable?)`,
    );
  });

  it('includes being of a newer program, or somebody else’s database', async () => {
    const database = await Database.open(file, 'create');
    database.script('create table plants (name text)');
    expect(await complaint(() => StudyFile.open(file))).toBe(`${file}: is a database, but not a study`);
    database.script('pragma user_version = 99');
    expect(await complaint(() => StudyFile.open(file))).toMatch(/^.*: has schema 99, this dynosim knows up to \d+ \(/);
    database.close();
  });

  it.skipIf(!canMount())('says in one line that a folder is read-only, whoever asks', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk]);
    try {
      const old = await StudyStore.open(file, PROGRAM);
      old.close();
      copyFileSync(file, join(disk, 'old.db'));
      execFileSync('mount', ['-o', 'remount,ro', disk]);
      for (const study of ['new.db', 'old.db']) {
        const said = await complaint(() => StudyStore.open(join(disk, study), PROGRAM));
        expect(said).toBe(`${join(disk, study)}: cannot be written (is its folder there, and writable?)`);
      }
    } finally {
      execFileSync('umount', ['--lazy', disk]);
    }
  });

  it.skipIf(!canMount())('when the disk is full, ends the run and keeps what was committed', async () => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', disk]);
    try {
      const full = join(disk, 'study.db');
      const store = await StudyStore.open(full, PROGRAM);
      const filler = 'x'.repeat(20_000);
      const codec: TrialCodec<number, number> = {
        ...CODEC,
        encode: (result) => ({ passes: 0, report: null, rest: { result, filler } }),
      };
      const told: Trial<number>[] = [];
      const executor = new Executor(new StoredRunner(new Squares(), store, codec));
      const run = executor.run(jobs(100), { onTold: (trial) => told.push(trial) > 0 });
      expect(await complaint(() => run)).toBe(
        `${full}: the disk is full (what was committed is kept: free some space and run the same command)`,
      );
      await executor.close();
      store.close();
      copyFileSync(full, file);
      copyFileSync(`${full}-wal`, `${file}-wal`);
    } finally {
      execFileSync('umount', ['--lazy', disk]);
    }
    const study = await StudyFile.open(file);
    const kept = study.trials().filter(({ status }) => status === 'done');
    study.close();
    expect(kept.length).toBeGreaterThan(1);
    const jobsKept = kept.map(({ contentHash }) => Number(contentHash.slice(1))).sort((a, b) => a - b);
    expect(jobsKept).toEqual(kept.map((_, job) => job));
  });
});

/** A small file system of its own takes root; without it the test is left out. */
function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const at = mkdtempSync(join(tmpdir(), 'dynosim-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at], { stdio: 'ignore' });
    execFileSync('umount', [at]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

it('holds results by the status the task gave them', async () => {
  const store = await StudyStore.open(file, PROGRAM);
  const done: StoredTrial = {
    status: 'done',
    result: { passes: 5, report: { slo: { met: true } }, rest: { a: [1, null] } },
  };
  store.claim(CODEC.facts(1));
  store.settle('k1', done);
  expect(store.claim(CODEC.facts(1))).toEqual(done);
  store.close();
});
