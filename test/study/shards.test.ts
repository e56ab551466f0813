import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isInShard } from '../../src/study/shardRunner.ts';
import { StudyFile } from '../../src/study/store/studyFile.ts';
import { answerIn, startDynosim } from './sweepProcess.ts';

const GOAL = `recommend --model Qwen/Qwen3-8B --gpu h100_sxm --max-gpus 2 --preset chat --rps 10 --ttft-p95 1500
  --tpot-p95 50 --set traffic.source.requests=500 --set optimizer.algorithm=exhaustive --threads 1 --quiet --overwrite`.split(
  /\s+/,
);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynosim-shards-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('divide the trials among them and together give the answer of one machine', { timeout: 120_000 }, async () => {
  const study = join(folder, 'all.db');
  const run = (...args: string[]) => startDynosim([...GOAL, ...args]).exit;
  expect(await run('-o', join(folder, 'alone'))).toBe(0);
  for (const shard of ['1/3', '0/3', '2/3']) expect(await run('--study', study, '--shard', shard)).toBe(0);
  const counts = [];
  for (const index of [0, 1, 2]) {
    const part = await StudyFile.open(join(folder, `all.shard-${index}-of-3.db`));
    const trials = part.trials();
    part.close();
    expect(trials.every(({ trial }) => isInShard(trial, { index, count: 3 }))).toBe(true);
    counts.push(trials.length);
  }
  expect(Math.min(...counts)).toBeGreaterThan(0);
  const events = join(folder, 'events.jsonl');
  expect(await run('--study', study, '-o', join(folder, 'together'), '--events', events)).toBe(0);
  expect(answerIn(join(folder, 'together'))).toBe(answerIn(join(folder, 'alone')));
  const all = await StudyFile.open(study);
  expect(all.trials().length).toBe(counts[0] + counts[1] + counts[2]);
  all.close();
  const lines = readFileSync(events, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ event: 'start', objectives: [{ metric: 'usd_per_hour' }, {}] });
  expect(lines.filter(({ event }) => event === 'trial')).toHaveLength(counts[0] + counts[1] + counts[2]);
  expect(lines.at(-1)).toMatchObject({ event: 'end', trials: counts[0] + counts[1] + counts[2] });
});
