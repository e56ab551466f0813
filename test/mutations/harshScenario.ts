import { RandomStream } from '../../src/base/random.ts';
import type { PoolSpec, Scenario } from '../../src/cluster/scenario.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import type { Workload } from '../../src/workload/workload.ts';
import { WorkloadBuilder } from '../../src/workload/workloadBuilder.ts';
import { randomScenario } from '../kernel/randomScenario.ts';

/** Everything of a harsh scenario with a coarse clock happens at multiples of this. */
const GRID_NS = 1000;

/**
 * `randomScenario` with what chance hardly ever puts into it:
 * - all prompts are stretches of a few texts, so they nest, repeat exactly, and end inside blocks that others hold whole;
 * - sessions follow the same texts, so what one generates others may ask for or generate at the same time;
 * - in half of them all times lie on one grid, so that passes end as requests, transfers and follow-ups arrive.
 */
export function harshScenario(seed: number, core: 'fast' | 'plain'): Scenario {
  const base = randomScenario(seed, core);
  const random = new RandomStream(seed, 'harsh');
  const onGrid = random.integer(0, 1) === 0;
  const pageTokens = [1, 2, 3, 4, 8][random.integer(0, 4)];
  const workload = nestedWorkload(random, pageTokens, onGrid);
  const longest = workload.inputTokens.reduce(
    (most, tokens, request) => Math.max(most, tokens + workload.outputTokens[request]),
    0,
  );
  const slack = random.integer(0, 3) * random.integer(0, 12);
  const pools = base.pools.map(
    (pool): PoolSpec => ({
      ...pool,
      timer: onGrid ? gridTimer(pool.timer) : pool.timer,
      engine: {
        ...pool.engine,
        blockTokens: pageTokens,
        blocks: Math.ceil(longest / pageTokens) + 1 + slack,
        contextLength: longest,
        ...(pool.engine.backend === 'vllm' && !pool.engine.chunkedPrefill
          ? { maxBatchedTokens: Math.max(pool.engine.maxBatchedTokens, longest) }
          : {}),
        prefixCaching: random.integer(0, 9) > 0,
      },
    }),
  );
  if (!onGrid) return { ...base, workload, pools };
  const transfer = base.transfer && {
    // One token takes one step of the grid.
    bandwidthBytesPerS: [Number.POSITIVE_INFINITY, 3e6][random.integer(0, 1)],
    latencyNs: random.integer(0, 2) * GRID_NS,
    kvBytesPerToken: 3,
  };
  const load = base.load.kind === 'open' ? ({ kind: 'open', speedup: 1 } as const) : base.load;
  return { ...base, workload, pools, transfer, load };
}

function gridTimer(timer: StepTimer): StepTimer {
  const onGrid = (ns: number): number => Math.ceil(ns / GRID_NS) * GRID_NS;
  return {
    window: timer.window,
    passNs: (shape) => onGrid(timer.passNs(shape)),
    decodeNs: (sequences, context, windowed) => onGrid(timer.decodeNs(sequences, context, windowed)),
    boundOf: (shape) => timer.boundOf(shape),
  };
}

function nestedWorkload(random: RandomStream, pageTokens: number, onGrid: boolean): Workload {
  const blockTokens = [1, 4, 6, 8, 16][random.integer(0, 4)];
  const builder = new WorkloadBuilder('nested', blockTokens);
  const texts = random.integer(1, 3);
  const fork = random.integer(0, 4);
  const lengths = Array.from({ length: 4 }, () => random.integer(1, 6 * blockTokens));
  const rows = random.integer(2, 30);
  const tick = onGrid ? GRID_NS : 1 + random.integer(0, 3000);
  let now = 0;
  for (let row = 0; row < rows; row++) {
    if (random.integer(0, 2) > 0) now += tick * random.integer(0, 4);
    const text = random.integer(1, texts);
    const branch = random.integer(0, 1);
    // Texts part ways at block `fork`.
    const idAt = (block: number): number => text * 1000 + block + (block >= fork ? branch * 500 : 0);
    let input = lengths[random.integer(0, 3)];
    if (random.integer(0, 2) === 0) input = Math.ceil(input / pageTokens) * pageTokens;
    const turns = random.integer(0, 2) === 0 ? random.integer(2, 4) : 1;
    const named = random.integer(0, 9) > 0;
    for (let turn = 0; turn < turns; turn++) {
      const output = random.integer(1, [3, 12, 12, 60][random.integer(0, 3)]);
      const blocks = Array.from({ length: Math.ceil(input / blockTokens) }, (_, block) => idAt(block));
      builder.add({
        arrivalNs: now,
        inputTokens: input,
        outputTokens: output,
        ...(named ? { blockIds: blocks } : {}),
        ...(turns > 1 ? { session: `s${row}`, thinkNs: random.integer(0, 2) * GRID_NS } : {}),
      });
      input += output + random.integer(0, blockTokens);
    }
  }
  return builder.build();
}
