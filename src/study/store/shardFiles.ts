import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Shard } from '../shardRunner.ts';
import { StudyFile } from './studyFile.ts';

/**
 * The file of one shard, beside the study's own: several machines must never write one SQLite file. It begins as a copy of
 * what the study knows.
 */
export function shardFile(study: string, { index, count }: Shard): string {
  const file = join(dirname(study), `${stemOf(study)}.shard-${index}-of-${count}.db`);
  if (!existsSync(file) && existsSync(study)) copyFileSync(study, file);
  return file;
}

/** Takes into a study what its shards have found; returns how many trials came from which file. */
export async function collectShards(study: string): Promise<{ readonly file: string; readonly trials: number }[]> {
  const folder = dirname(study);
  const prefix = `${stemOf(study)}.shard-`;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const files = names.filter((name) => name.startsWith(prefix) && /^\d+-of-\d+\.db$/.test(name.slice(prefix.length)));
  if (files.length === 0) return [];
  const into = await StudyFile.open(study, 'create');
  const collected = [];
  for (const name of files.sort()) {
    const file = join(folder, name);
    const shard = await StudyFile.open(file);
    collected.push({ file, trials: into.merge(shard) });
    shard.close();
  }
  into.close();
  return collected;
}

function stemOf(study: string): string {
  return basename(study).replace(/\.db$/, '');
}
