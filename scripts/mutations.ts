/**
 * Applies each mutation of test/mutations to a copy of the sources and expects the check of its set to notice: `mutations.ts
 * [SET...]`, all sets by default. Prints what was caught by what; exits with 1 if any mutation survives or the sources fail
 * unmutated.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { KV_MUTATIONS } from '../test/mutations/kvMutations.ts';
import type { Mutation } from '../test/mutations/mutation.ts';
import { MUTATIONS } from '../test/mutations/mutations.ts';
import { SGLANG_MUTATIONS } from '../test/mutations/sglangMutations.ts';
import { SWARM_MUTATIONS } from '../test/mutations/swarmMutations.ts';
import { TRTLLM_MUTATIONS } from '../test/mutations/trtllmMutations.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 600);
/** A mutant that loops for ever is caught when it has run so many times as long as the sources as they are, or this long. */
const LIMIT_FACTOR = 5;
const LEAST_LIMIT_MS = 60_000;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSX = import.meta.resolve('tsx');

/** Mutations and the check that must notice them. */
const SETS: Readonly<Record<string, { mutations: readonly Mutation[]; check: readonly string[] }>> = {
  vllm: { mutations: MUTATIONS, check: ['check.ts', 'vllm'] },
  kv: { mutations: KV_MUTATIONS, check: ['kvCheck.ts'] },
  sglang: { mutations: SGLANG_MUTATIONS, check: ['check.ts', 'sglang'] },
  trtllm: { mutations: TRTLLM_MUTATIONS, check: ['check.ts', 'trtllm'] },
  swarm: { mutations: SWARM_MUTATIONS, check: ['swarmCheck.ts'] },
};

/** How the check noticed, or null if it did not. */
type Verdict = string | null;

async function main(): Promise<void> {
  const chosen = process.argv.slice(2);
  let survivors = 0;
  for (const [name, set] of Object.entries(SETS)) {
    if (chosen.length === 0 || chosen.includes(name)) survivors += await survivorsOf(set);
  }
  process.exitCode = survivors > 0 ? 1 : 0;
}

async function survivorsOf({ mutations, check: script }: (typeof SETS)[string]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'dynosim-mutations-'));
  try {
    const startedMs = performance.now();
    const honest = await check(copySources(join(folder, 'honest')), script, Number.POSITIVE_INFINITY);
    if (honest !== null) throw new Error(`the sources fail as they are: ${honest}`);
    const limitMs = Math.max(LEAST_LIMIT_MS, LIMIT_FACTOR * (performance.now() - startedMs));
    const verdicts = await inParallel(mutations, (mutation, index) =>
      verdictOf(mutation, join(folder, String(index)), script, limitMs),
    );
    return report(mutations, verdicts);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copySources(folder: string): string {
  mkdirSync(folder);
  for (const part of ['src', 'test/kernel', 'test/kv', 'test/metamorphic', 'test/mutations', 'test/support']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  return folder;
}

async function verdictOf(
  { file, find, replace }: Mutation,
  folder: string,
  script: readonly string[],
  limitMs: number,
): Promise<Verdict> {
  copySources(folder);
  const path = join(folder, file);
  const pieces = readFileSync(path, 'utf8').split(find);
  if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} places that read: ${find}`);
  writeFileSync(path, pieces.join(replace));
  const verdict = await check(folder, script, limitMs);
  rmSync(folder, { recursive: true });
  return verdict;
}

/** Runs the check of the copy in its own process. */
function check(folder: string, [script, ...set]: readonly string[], limitMs: number): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', TSX, `test/mutations/${script}`, String(RUNS), ...set], {
      cwd: folder,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
    let late = false;
    const kill = (): void => {
      late = true;
      child.kill('SIGKILL');
    };
    const limit = Number.isFinite(limitMs) ? setTimeout(kill, limitMs) : undefined;
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      if (late) resolve(`ran for ${(limitMs / 1000).toFixed(0)} s`);
      else if (code === 0) resolve(null);
      else if (said.startsWith('seed')) resolve(said.trim());
      else reject(new Error(`the check itself failed: ${said}`));
    });
  });
}

async function inParallel<In, Out>(items: readonly In[], run: (item: In, index: number) => Promise<Out>) {
  const results: Out[] = new Array(items.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await run(items[index], index);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return results;
}

/** Prints the table; returns how many survived. */
function report(mutations: readonly Mutation[], verdicts: readonly Verdict[]): number {
  const table = new Table({ head: ['mutation', 'verdict', 'by'], colWidths: [62, 10, 60], wordWrap: true });
  for (const [index, { why }] of mutations.entries()) {
    table.push([why, verdicts[index] === null ? 'SURVIVED' : 'caught', verdicts[index] ?? '']);
  }
  const survivors = verdicts.filter((verdict) => verdict === null).length;
  console.log(table.toString());
  console.log(`${mutations.length - survivors} of ${mutations.length} mutations caught on ${RUNS} random scenarios`);
  return survivors;
}

await main();
