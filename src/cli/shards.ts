import { InputError } from '../base/inputError.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { unwritable, writeFileAtomically } from '../report/writeFiles.ts';
import { jobFile } from '../study/jobFile.ts';
import { collectShards } from '../study/store/shardFiles.ts';
import { note } from './outputFiles.ts';
import { VERSION } from './version.ts';

/** @throws InputError when what the search asks for depends on what it is told: no machine could go on alone. */
export function assertDivisible({ optimizer }: RecommendConfig): void {
  if (optimizer.algorithm !== 'cascade') return;
  throw new InputError({
    path: '--shard',
    message: 'shards divide a search whose trials are known beforehand, which cascade is not',
    hint: 'add --set optimizer.algorithm=exhaustive, or use --queue',
  });
}

/** Writes the file that runs this very command as `shards` jobs. */
export async function writeJobFile(path: string, shards: number | undefined, words: readonly string[]): Promise<void> {
  if (shards === undefined) throw new InputError({ path: '--shards', message: 'is needed with --job-file' });
  const own = withoutFlags(words, ['--job-file', '--shards']);
  const text = jobFile(path, { words: own, shards, folder: process.cwd(), version: VERSION });
  await writeFileAtomically(path, text).catch((error) => {
    throw unwritable('--job-file', path, error);
  });
}

/** Takes in what the shards of a study have left beside it. */
export async function gatherShards(study: string, quiet: boolean): Promise<void> {
  for (const { file, trials } of await collectShards(study)) {
    if (trials > 0) note(quiet, `${trials} trials from ${file}`);
  }
}

/** The words without these options and their values. */
function withoutFlags(words: readonly string[], flags: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at++) {
    if (flags.includes(words[at])) at += 1;
    else if (!flags.some((flag) => words[at].startsWith(`${flag}=`))) kept.push(words[at]);
  }
  return kept;
}
