import { InvalidArgumentError } from 'commander';
import type { Shard } from '../study/shardRunner.ts';

/** `2/8`: the third of eight. */
export function shardOf(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index === undefined || shard.index >= shard.count) {
    throw new InvalidArgumentError('must be index/count with index from 0, like 2/8');
  }
  return shard;
}
