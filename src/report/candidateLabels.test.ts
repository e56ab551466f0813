import { describe, expect, it } from 'vitest';
import { handmadeAnswer } from '../../test/support/handmadeAnswer.ts';
import type { Evaluated } from '../recommend/recommendation.ts';
import { candidateLabels } from './candidateLabels.ts';

function variant(base: Evaluated, tokens: number, policy: 'round_robin' | 'random'): Evaluated {
  const config = structuredClone(base.config) as unknown as {
    router: { policy: string };
    engine: { workers: { aggregated: { scheduler: { max_batched_tokens: number } }[] } };
  };
  config.router.policy = policy;
  config.engine.workers.aggregated[0].scheduler.max_batched_tokens = tokens;
  return { ...base, config: config as unknown as Evaluated['config'] };
}

describe('candidateLabels', () => {
  const [base] = handmadeAnswer().frontier;

  it('is the shape where that is enough', () => {
    const other = { ...base, shape: 'another shape' };
    expect(candidateLabels([variant(base, 2048, 'random'), variant(other, 8192, 'random')])).toEqual([
      base.shape,
      'another shape',
    ]);
    const busier = { ...base, load: { ...base.load, value: base.load.value + 1 } };
    expect(candidateLabels([variant(base, 2048, 'random'), variant(busier, 8192, 'random')])).toEqual([
      base.shape,
      base.shape,
    ]);
  });

  it('adds what differs, and only that', () => {
    expect(
      candidateLabels([
        variant(base, 2048, 'random'),
        variant(base, 8192, 'random'),
        variant(base, 8192, 'round_robin'),
      ]),
    ).toEqual([
      `${base.shape}, 2,048 tokens a pass, random routing`,
      `${base.shape}, 8,192 tokens a pass, random routing`,
      `${base.shape}, 8,192 tokens a pass, round robin routing`,
    ]);
  });

  it('leaves out what follows from a choice, unless nothing else tells two apart', () => {
    const planned = (planner: object): Evaluated => ({
      ...base,
      config: { ...base.config, planner } as Evaluated['config'],
    });
    const hpa = (value: number) => planned({ policy: 'hpa', tolerance: 0.1, targets: [{ metric: 'requests', value }] });
    expect(candidateLabels([planned({ policy: 'static' }), hpa(4), hpa(8)])).toEqual([
      `${base.shape}, static planner`,
      `${base.shape}, hpa planner, target 4`,
      `${base.shape}, hpa planner, target 8`,
    ]);
    expect(candidateLabels([base, planned({ policy: 'static' })])).toEqual([
      base.shape,
      `${base.shape}, static planner`,
    ]);
  });
});
