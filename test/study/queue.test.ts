import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StudyFile } from '../../src/study/store/studyFile.ts';
import { answerIn, type SweepProcess, startDynosim } from './sweepProcess.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
const title = `a queue on Redis${hasRedis ? '' : ' (skipped: redis-server is not installed)'}`;

/** Over 500 trials of some 20 milliseconds. */
const GOAL = `recommend --model Qwen/Qwen3-8B --gpu l40s,h100_sxm --max-gpus 10 --preset chat --rps 20 --ttft-p95 1500
  --tpot-p95 50 --set traffic.source.requests=2000 --set optimizer.algorithm=exhaustive --overwrite`.split(/\s+/);

/** A Redis that keeps nothing on disk: a restart forgets every job. */
class Server {
  readonly port: number;
  #child: ChildProcess | null = null;

  constructor(port: number) {
    this.port = port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = ['--port', `${this.port}`, '--save', '', '--appendonly', 'no', '--requirepass', ''];
    this.#child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve) => {
      this.#child!.stdout!.on('data', (text: Buffer) => {
        if (text.includes('Ready to accept connections')) resolve();
      });
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    this.#child = null;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(!hasRedis)(title, () => {
  let folder: string;
  let server: Server;
  let local: string;
  const workers: SweepProcess[] = [];

  const startWorker = (): SweepProcess => {
    const worker = startDynosim(['worker', '--queue', server.url, '--threads', '1'], true);
    workers.push(worker);
    return worker;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dynosim-queue-'));
    expect(await startDynosim([...GOAL, '--quiet', '--threads', '1', '-o', join(folder, 'local')]).exit).toBe(0);
    local = answerIn(join(folder, 'local'));
    server = new Server(await freePort());
    await server.start();
  }, 120_000);
  afterEach(() => {
    for (const { child } of workers.splice(0)) child.kill('SIGKILL');
  });
  afterAll(async () => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('loses and doubles nothing while workers are killed and the server forgets everything', {
    timeout: 300_000,
  }, async () => {
    for (let count = 0; count < 3; count++) startWorker();
    const study = join(folder, 'study.db');
    const sweep = startDynosim([
      ...GOAL,
      '--quiet',
      '--queue',
      server.url,
      '--study',
      study,
      '-o',
      join(folder, 'remote'),
    ]);
    let isOver = false;
    void sweep.exit.then(() => {
      isOver = true;
    });
    const finished = async (): Promise<number> => {
      try {
        const file = await StudyFile.open(study);
        const done = file.trials().filter(({ status }) => status === 'done').length;
        file.close();
        return done;
      } catch {
        return 0;
      }
    };
    /** Waits until so many trials are done, and then does something to the sweep while it runs. */
    const at = async (trials: number, disturb: () => Promise<void> | void): Promise<void> => {
      while (!isOver && (await finished()) < trials) await pause(50);
      expect(isOver).toBe(false);
      await disturb();
    };
    const killOne = (): void => {
      workers.shift()!.child.kill('SIGKILL');
      startWorker();
    };
    await at(40, killOne);
    await at(120, async () => {
      await server.kill();
      await pause(300);
      await server.start();
    });
    await at(200, killOne);
    expect(await sweep.exit).toBe(0);
    expect(answerIn(join(folder, 'remote'))).toBe(local);
    const file = await StudyFile.open(study);
    const { tried } = JSON.parse(local) as { tried: { simulations: number } };
    const trials = file.trials();
    expect(trials.every(({ status }) => status === 'done')).toBe(true);
    expect(trials.length).toBe(tried.simulations);
    expect(trials.length).toBeGreaterThanOrEqual(500);
    file.close();
  });

  it('stops its workers gracefully', { timeout: 60_000 }, async () => {
    const worker = startWorker();
    await pause(2_000);
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
  });

  it('says in one line, without the password, that nobody answers', async () => {
    const port = await freePort();
    const args = ['src/cli/main.ts', 'worker', '--queue', `redis://me:secret@127.0.0.1:${port}`];
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', ...args], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`^--queue: cannot reach redis://127\\.0\\.0\\.1:${port}: .*\n$`));
    expect(stderr).not.toContain('secret');
  });
});
