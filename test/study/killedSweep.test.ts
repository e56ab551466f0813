import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RandomStream } from '../../src/base/random.ts';
import { answerIn, startDynosim } from './sweepProcess.ts';

/** How often a sweep is killed; `npm run evidence:killed-sweep` asks for 50. */
const KILLS = Number(process.env.DYNOSIM_KILLS ?? 3);
const GOAL = `recommend --model Qwen/Qwen3-8B --gpu h100_sxm --max-gpus 4 --preset chat --rps 20 --ttft-p95 1500
  --tpot-p95 50 --set traffic.source.requests=1200 --threads 2 --quiet --overwrite`.split(/\s+/);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynosim-killed-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it(`gives the same answer after each of ${KILLS} kills`, { timeout: 60_000 + KILLS * 20_000 }, async () => {
  const startedMs = performance.now();
  expect(await startDynosim([...GOAL, '-o', join(folder, 'whole')]).exit).toBe(0);
  const wholeMs = performance.now() - startedMs;
  const whole = answerIn(join(folder, 'whole'));
  const random = new RandomStream(1, 'kills');
  let killed = 0;
  for (let round = 0; round < KILLS; round++) {
    const args = [...GOAL, '--study', join(folder, `${round}.db`), '-o', join(folder, `${round}`)];
    const { child, exit } = startDynosim(args);
    const timer = setTimeout(() => child.kill('SIGKILL'), wholeMs * (0.15 + 0.8 * random.uniform()));
    if ((await exit) === null) killed += 1;
    clearTimeout(timer);
    expect(await startDynosim(args).exit).toBe(0);
    expect(answerIn(join(folder, `${round}`))).toBe(whole);
  }
  expect(killed).toBeGreaterThan(KILLS / 2);
});
