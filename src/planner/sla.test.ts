import { describe, expect, it } from 'vitest';
import { at, facts, pool } from '../../test/support/observations.ts';
import { RandomStream } from '../base/random.ts';
import type { ReplicaObservation, TrafficObservation } from '../cluster/planner.ts';
import { createPolicy } from './createPolicy.ts';
import { EngineModel } from './engineModel.ts';
import type { SlaSpec } from './policySpec.ts';
import type { PoolFacts } from './poolFacts.ts';
import { type PassSample, Regression } from './regression.ts';

const MS = 1e6;
const REGRESSION = { samples: 64, buckets: 16, minObservations: 5 };

/** Passes of 10 ms and 1 ms per prompt token, 0.1 ms per decode, 0.01 ms per token of KV. */
function passNs({ prefillTokens, decodes, kvTokens }: Omit<PassSample, 'ns'>): number {
  return (10 + prefillTokens + 0.1 * decodes + 0.01 * kvTokens) * MS;
}

function profile(role: PoolFacts['role']): PassSample[] {
  const grid = [0, 1, 2].flatMap((x) => [0, 1, 2].map((y) => ({ x, y })));
  return grid.map(({ x, y }) => {
    const pass = {
      prefillTokens: role === 'decode' ? 0 : x * 50,
      decodes: role === 'decode' ? x * 8 : 0,
      kvTokens: role === 'prefill' ? 0 : y * 400,
    };
    return { ...pass, ns: passNs(pass) };
  });
}

function sla(role: PoolFacts['role'], changes: Partial<SlaSpec> = {}, pools: Partial<PoolFacts> = {}) {
  const spec: SlaSpec = {
    kind: 'sla',
    ttftMs: 500,
    itlMs: 50,
    load: { scaleDownSensitivity: 0.8 },
    throughput: null,
    regression: REGRESSION,
    ...changes,
  };
  return createPolicy(spec, [facts({ role, profile: profile(role), ...pools })]);
}

/** One tick with prompts of 50 and answers of 10 tokens. */
function decide(
  policy: ReturnType<typeof sla>,
  ready: readonly Partial<ReplicaObservation>[],
  traffic: Partial<TrafficObservation> = {},
  nowS = 5,
) {
  const seen = { arrivals: 1, meanInputTokens: 50, completed: 1, meanOutputTokens: 10, ...traffic };
  return policy.decide(at(nowS, [pool(ready)], seen)).replicas[0];
}

const queued = (...tokens: number[]) => tokens.map((queuedPrefillTokens) => ({ queuedPrefillTokens }));
const held = (...tokens: number[]) => tokens.map((heldTokens) => ({ heldTokens, running: 10 }));

/** `components/src/dynamo/planner/core/load_scaling.py` at 0c6da1e, `perf_model/*.py` at 439d645 and 518a702. */
describe('load scaling of Dynamo planner, worked out by hand', () => {
  it('prefill: up when every estimate is beyond the SLA, not for one hot replica', () => {
    // A full pass of 100 tokens takes 110 ms. 400 + 50 tokens: 4 x 110 + 60 = 500 ms, just within; 401: 501 ms.
    expect(decide(sla('prefill'), queued(401, 401))).toBe(3);
    expect(decide(sla('prefill'), queued(400, 401))).toBe(2);
    expect(decide(sla('prefill'), queued(5000, 0))).toBe(2);
    // Half of the prompts is in a cache: as good as half the queue.
    expect(decide(sla('prefill'), queued(801, 801), { reusedRatio: 0.5 })).toBe(2);
    expect(decide(sla('prefill'), queued(900, 900), { reusedRatio: 0.5 })).toBe(3);
  });

  it('prefill: down when the queue, shared by one less, leaves 80 % of what an own prompt leaves', () => {
    // Own: 60 ms, so 440 x 0.8 = 352 ms for the queue. From 2 to 1: twice the tokens. 150: 300 + 50 -> 3 x 110 + 60 = 390, 330 of queue.
    expect(decide(sla('prefill'), queued(150, 150))).toBe(1);
    // 161: 322 + 50 = 372 -> 330 + 82 = 412 - 60 = 352: not less than 352.
    expect(decide(sla('prefill'), queued(161, 161))).toBe(2);
    expect(decide(sla('prefill'), queued(160.9, 160.9))).toBe(1);
    expect(decide(sla('prefill'), queued(0))).toBe(1);
  });

  it('decode: up beyond the ITL, down while memory and 80 % of the ITL allow', () => {
    const roomy = { capacityTokens: 100_000 };
    const roomyHeld = (...tokens: number[]) => held(...tokens).map((each) => ({ ...each, ...roomy }));
    // No pass seen yet: one more sequence beside none, 10 + 0.1 + 0.01 x kv, so 3990 tokens make 50 ms.
    expect(decide(sla('decode'), roomyHeld(3991, 3991))).toBe(3);
    expect(decide(sla('decode'), roomyHeld(3990, 3991))).toBe(2);
    // From 2 to 1, twice the KV: 10.1 + 0.02 x kv < 40 up to 1494.
    expect(decide(sla('decode'), roomyHeld(1494, 1494))).toBe(1);
    expect(decide(sla('decode'), roomyHeld(1495, 1494))).toBe(2);
    // Passes of 10 sequences seen: 11 of them, and one more of kv / 10 tokens: 11.1 + 0.011 x kv > 50 from 3537 on.
    const seen = (kvTokens: number) =>
      roomyHeld(kvTokens, kvTokens).map((each) => ({
        ...each,
        lastPass: { ns: passNs({ prefillTokens: 0, decodes: 10, kvTokens }), prefillTokens: 0, decodes: 10 },
      }));
    expect(decide(sla('decode'), seen(3537))).toBe(3);
    expect(decide(sla('decode'), seen(3536))).toBe(2);
    // Room for 1000: twice 499 fits, twice 500 does not.
    expect(decide(sla('decode'), held(499, 499))).toBe(1);
    expect(decide(sla('decode'), held(500, 499))).toBe(2);
  });

  it('aggregated: either estimate asks for more, both must allow less', () => {
    const long = held(4500, 4500).map((each) => ({ ...each, capacityTokens: 100_000 }));
    expect(decide(sla('aggregated'), long)).toBe(3);
    // With 100 tokens of KV a full pass takes 111 ms: 400 + 50 -> 4 x 111 + 61 = 505 ms.
    expect(
      decide(
        sla('aggregated'),
        held(100, 100).map((each) => ({ ...each, queuedPrefillTokens: 400 })),
      ),
    ).toBe(3);
    expect(decide(sla('aggregated'), held(100, 100))).toBe(1);
    // A prompt that waits has no KV that others' gaps would feel: 10 + 1 ms, and time enough for 10,000 tokens of it.
    const waiting = held(100, 100).map((each) => ({ ...each, queuedPrefillTokens: 10_000 }));
    expect(decide(sla('aggregated', { ttftMs: 1e6 }), waiting)).toBe(2);
    // One less: twice the KV as well. Full passes take 112 ms, an own prompt 62 ms, 438 x 0.8 = 350.4 ms for the queue;
    // 2 x 157 + 50 tokens: 3 x 112 + 76 - 62 = 350, and 352 with 158.
    const queueing = (queuedPrefillTokens: number) => held(100, 100).map((each) => ({ ...each, queuedPrefillTokens }));
    expect(decide(sla('aggregated'), queueing(157))).toBe(1);
    expect(decide(sla('aggregated'), queueing(158))).toBe(2);
    // Memory forbids it though both times would do.
    expect(decide(sla('aggregated'), held(500, 500))).toBe(2);
  });

  it('does not believe passes that are the shorter the more there is to do', () => {
    const upsideDown = profile('aggregated').map((pass) => ({ ...pass, ns: 1000 * MS - pass.ns }));
    expect(decide(sla('aggregated', {}, { profile: upsideDown }), queued(90_000, 90_000))).toBe(2);
    // More sequences may seem to cost nothing beside their KV: 20 - 0.1 x n + 0.02 x kv counts as 20 + 0.02 x kv.
    const clipped = profile('decode').map((pass) => ({
      ...pass,
      ns: (20 - 0.1 * pass.decodes + 0.02 * pass.kvTokens) * MS,
    }));
    const at50 = (kv: number) => held(kv, kv).map((each) => ({ ...each, capacityTokens: 100_000 }));
    expect(decide(sla('decode', {}, { profile: clipped }), at50(1501))).toBe(3);
    expect(decide(sla('decode', {}, { profile: clipped }), at50(1500))).toBe(2);
  });

  it('does nothing while replicas start, and before it has seen enough passes', () => {
    const hot = pool(queued(5000, 5000), { starting: 1 });
    expect(sla('prefill').decide(at(5, [hot])).replicas).toEqual([3]);
    const blind = sla('prefill', {}, { profile: [] });
    expect(decide(blind, queued(5000, 5000))).toBe(2);
    // Five passes of 10 ms + 1 ms a token, seen one a tick: then it knows.
    for (let tick = 1; tick <= 5; tick++) {
      const lastPass = { ns: (10 + 10 * tick) * MS, prefillTokens: 10 * tick, decodes: 0 };
      expect(decide(blind, [{ queuedPrefillTokens: 5000, running: 1, lastPass }])).toBe(tick < 5 ? 1 : 2);
    }
  });
});

describe('throughput scaling of Dynamo planner, worked out by hand', () => {
  const throughput = {
    everyTicks: 2,
    maxChange: 8,
    forecast: { model: { kind: 'constant' }, marginQuantile: null },
  } as const;
  const traffic = (arrivals: number) => ({ arrivals, completed: arrivals });

  it('prefill: demand over 1 / time of a prompt', () => {
    // A prompt of 50 takes 60 ms: 16.7 a second. 1000 in 10 s make 6 replicas; the first tick of the two decides nothing.
    const policy = sla('prefill', { load: null, throughput });
    expect(decide(policy, queued(0), traffic(400), 5)).toBe(1);
    expect(decide(policy, queued(0), traffic(600), 10)).toBe(6);
    expect(decide(policy, queued(0), traffic(5000), 15)).toBe(6);
    // 4 in 10 s: one will do, but no more than 8 fewer at a time.
    const large = sla('prefill', { load: null, throughput });
    decide(large, queued(...new Array<number>(12).fill(0)), traffic(2), 5);
    expect(decide(large, queued(...new Array<number>(12).fill(0)), traffic(2), 10)).toBe(4);
  });

  it('prefill: as many as the SLA is too short by, where one prompt alone is too slow', () => {
    // 1000 tokens: 10 x 110 ms = 1100 ms for an SLA of 500: at least 3.
    const policy = sla('prefill', { load: null, throughput: { ...throughput, everyTicks: 1 } });
    expect(decide(policy, queued(0), { ...traffic(1), meanInputTokens: 1000 }, 10)).toBe(3);
  });

  it('decode: the largest batch within the ITL', () => {
    // Context 50 + 5: a sequence costs 0.1 + 0.55 ms; (50 - 10) / 0.65 = 61. Memory: 10,000 / 55 = 181.
    const model = new EngineModel(
      facts({ role: 'decode', profile: profile('decode'), capacityTokens: 10_000 }),
      REGRESSION,
    );
    const lengths = { inputTokens: 50, outputTokens: 10, hitRatio: 0 };
    expect(model.capacity(lengths, 500 * MS, 50 * MS).perS).toBeCloseTo(61 / (10 * 0.04965), 6);
    // Memory for 18.
    const small = new EngineModel(facts({ role: 'decode', profile: profile('decode') }), REGRESSION);
    expect(small.capacity(lengths, 500 * MS, 50 * MS).perS).toBeCloseTo(18 / (10 * 0.0217), 6);
  });

  it('aggregated: the largest batch that prefills its successors too', () => {
    // A batch of b prefills 5 b tokens a pass: 10 + 5 b + 0.55 b <= 50 up to 7. First token: 5 b + 50 tokens, well within.
    const model = new EngineModel(facts({ profile: profile('aggregated'), capacityTokens: 10_000 }), REGRESSION);
    const lengths = { inputTokens: 50, outputTokens: 10, hitRatio: 0 };
    const { perS, ttftNs } = model.capacity(lengths, 500 * MS, 50 * MS);
    expect(perS).toBeCloseTo(7 / (10 * 0.04885), 6);
    expect(ttftNs / MS).toBeCloseTo(10 + 85 + 0.01 * 385, 6);
    // 8 tokens of answer for 400 of prompt: passes of 100 tokens can prefill 8 / 4 = 2 prompts an answer; balance 100 - 50 = 50.
    expect(model.capacity({ inputTokens: 400, outputTokens: 8, hitRatio: 0.9 }, 500 * MS, 50 * MS).perS).toBeCloseTo(
      4 / (8 * (10 + 4 * 5 + 0.01 * 4 * 404) * 1e-3),
      6,
    );
  });

  it('is a floor under load scaling where both are on', () => {
    const policy = sla('prefill', { throughput });
    decide(policy, queued(0, 0), traffic(400), 5);
    // 6 for the forecast, though the load would let one go.
    expect(decide(policy, queued(0, 0), traffic(600), 10)).toBe(6);
    const six = queued(...new Array<number>(6).fill(500));
    expect(decide(policy, six, traffic(1), 15)).toBe(7);
  });
});

describe('the regression', () => {
  it('keeps passes spread over its buckets', () => {
    const regression = new Regression({ samples: 16, buckets: 4, minObservations: 1 }, PLANE);
    regression.observe(100, 1000, 500);
    regression.observe(100, 0, 300);
    for (let pass = 0; pass < 1000; pass++) regression.observe(0, 0, 100);
    // 100 + 2 per decode + 0.2 per token: the two rare ones are remembered.
    expect(regression.predictNs(50, 500)).toBeCloseTo(300, 6);
  });

  it('gives features that do not vary no slope', () => {
    const regression = new Regression(REGRESSION, LINE);
    for (let pass = 0; pass < 5; pass++) regression.observe(8, 0, 70);
    expect(regression.predictNs(8000, 0)).toBe(70);
  });

  it('remembers what one that looks at all passes anew each time does', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const random = new RandomStream(seed, 'passes');
      const spec = { samples: random.integer(5, 40), buckets: random.integer(1, 5) ** 2, minObservations: 1 };
      const kind = seed % 2 === 0 ? PLANE : LINE;
      const regression = new Regression(spec, kind);
      const all: { x: number; y: number; ns: number }[] = [];
      let kept: typeof all = [];
      for (let pass = 0; pass < 200; pass++) {
        const x = random.integer(0, 3) === 0 ? 0 : random.integer(0, 50);
        const next = { x, y: kind.features === 1 ? 0 : random.integer(0, 1000), ns: random.integer(1, 1000) };
        regression.observe(next.x, next.y, next.ns);
        all.push(next);
        kept = plainlyKept([...kept, next], all, spec, kind.features);
        // What it remembers decides what it predicts: as one does that has only seen these.
        const again = new Regression({ ...spec, samples: 100 }, kind);
        for (const each of kept) again.observe(each.x, each.y, each.ns);
        expect(regression.predictNs(20, 500), `seed ${seed}`).toBe(again.predictNs(20, 500));
      }
    }
  });
});

const LINE = { features: 1, clipsX: false } as const;
const PLANE = { features: 2, clipsX: false } as const;

/** Without the oldest pass of the fullest bucket, if they are too many; buckets between the least and the most ever seen. */
function plainlyKept<T extends { x: number; y: number }>(
  passes: T[],
  all: T[],
  spec: { samples: number; buckets: number },
  features: 1 | 2,
): T[] {
  if (passes.length <= spec.samples) return passes;
  const parts = features === 1 ? spec.buckets : Math.sqrt(spec.buckets);
  const partOf = (key: 'x' | 'y', value: number) => {
    const values = all.map((each) => each[key]);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return most === least ? 0 : Math.min(parts - 1, Math.floor(((value - least) / (most - least)) * parts));
  };
  const buckets = passes.map(({ x, y }) => `${partOf('x', x)} ${partOf('y', y)}`);
  const sizes = buckets.map((bucket) => buckets.filter((other) => other === bucket).length);
  const gone = sizes.indexOf(Math.max(...sizes));
  return passes.filter((_, index) => index !== gone);
}
