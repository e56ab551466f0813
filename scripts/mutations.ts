/**
 * Applies each mutation of test/mutations/mutations.ts to a copy of the sources and expects test/mutations/check.ts to
 * notice. Prints what was caught by what; exits with 1 if any mutation survives or the sources fail unmutated.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { MUTATIONS, type Mutation } from '../test/mutations/mutations.ts';

const RUNS = Number(process.env.DYNOSIM_RUNS ?? 600);
/** A mutant that loops for ever is caught by this; an honest check takes a tenth of it. */
const LIMIT_MS = 60_000;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSX = import.meta.resolve('tsx');

/** How the check noticed, or null if it did not. */
type Verdict = string | null;

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dynosim-mutations-'));
  try {
    const honest = await check(copySources(join(folder, 'honest')));
    if (honest !== null) throw new Error(`the sources fail as they are: ${honest}`);
    const verdicts = await inParallel(MUTATIONS, (mutation, index) => verdictOf(mutation, join(folder, String(index))));
    process.exitCode = report(verdicts) > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copySources(folder: string): string {
  mkdirSync(folder);
  for (const part of ['src', 'test/kernel', 'test/metamorphic', 'test/mutations']) {
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  return folder;
}

async function verdictOf({ file, find, replace }: Mutation, folder: string): Promise<Verdict> {
  copySources(folder);
  const path = join(folder, file);
  const pieces = readFileSync(path, 'utf8').split(find);
  if (pieces.length !== 2) throw new Error(`${file} has ${pieces.length - 1} places that read: ${find}`);
  writeFileSync(path, pieces.join(replace));
  const verdict = await check(folder);
  rmSync(folder, { recursive: true });
  return verdict;
}

/** Runs the check of the copy in its own process. */
function check(folder: string): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', TSX, 'test/mutations/check.ts', String(RUNS)], { cwd: folder });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, LIMIT_MS);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      if (late) resolve(`ran for ${LIMIT_MS / 1000} s`);
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
function report(verdicts: readonly Verdict[]): number {
  const table = new Table({ head: ['mutation', 'verdict', 'by'], colWidths: [62, 10, 60], wordWrap: true });
  for (const [index, { why }] of MUTATIONS.entries()) {
    table.push([why, verdicts[index] === null ? 'SURVIVED' : 'caught', verdicts[index] ?? '']);
  }
  const survivors = verdicts.filter((verdict) => verdict === null).length;
  console.log(table.toString());
  console.log(`${MUTATIONS.length - survivors} of ${MUTATIONS.length} mutations caught on ${RUNS} random scenarios`);
  return survivors;
}

await main();
