import { RandomStream } from '../../src/base/random.ts';
import { live, REQUESTS, SHAPES, type Step, type World } from '../kv/managerPair.ts';

/**
 * `kvCheck.ts RUNS`: holds the fast KV manager to the plain one over random lives 1..RUNS. Says the first breach and exits
 * with 1, or exits with 0.
 */
const runs = Number(process.argv[2]);

for (let seed = 1; seed <= runs; seed++) {
  const random = new RandomStream(seed, 'kv');
  const pick = <Value>(values: readonly Value[]): Value => values[random.integer(0, values.length - 1)];
  const world: World = {
    idTokens: pick([1, 3, 8, 16]),
    page: pick([1, 2, 4, 5]),
    shape: random.integer(0, SHAPES - 1),
    window: pick([2, 5, 9, 16]),
    drops: pick([false, true]),
    blocks: random.integer(12, 60),
    prefixCaching: random.integer(0, 9) > 0,
    unhashedFreedFirst: pick([false, true]),
    retention: pick([null, 0, 1, 2]),
  };
  const steps = Array.from(
    { length: random.integer(30, 120) },
    (): Step => ({
      request: random.integer(0, REQUESTS - 1),
      act: random.integer(0, 19),
      tokens: random.integer(1, 24),
      option: random.integer(0, 63),
    }),
  );
  try {
    live(world, steps);
  } catch (error) {
    console.log(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
