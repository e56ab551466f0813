/** Random `engine` sections for every backend and version, legal for the models of `testFacts`. */
import fc from 'fast-check';
import { BACKENDS, type Backend } from '../../src/catalog/engineProfile.ts';
import { listEngineProfiles } from '../../src/catalog/engineProfiles.ts';
import type { Knob } from '../../src/config/knob.ts';
import { SCHEDULER_KNOBS } from '../../src/config/knobs/schedulerKnobs.ts';
import { engineFlag } from '../../src/config/knobs.ts';

interface Shape {
  readonly tensor: number;
  readonly pipeline?: number;
  readonly attention_data?: number;
  readonly moe_expert?: number;
  readonly moe_tensor?: number;
}

const size = fc.constantFrom(1, 2, 4, 8);
const share = fc.integer({ min: 1, max: 99 }).map((percent) => percent / 100);

function shapeOf(backend: Backend, model: string): fc.Arbitrary<Shape> {
  if (model === 'test/dense') return fc.record({ tensor: size, pipeline: fc.constantFrom(1, 2, 4) });
  return fc.tuple(size, size, size).map(([tensor, ranks, expert]) => {
    const attention = backend === 'trtllm' && ranks > 1 ? 1 : tensor;
    const gpus = attention * ranks;
    const whole = backend === 'vllm' ? (expert > 1 ? gpus : 1) : Math.min(expert, gpus);
    return { tensor: attention, attention_data: ranks, moe_expert: whole, moe_tensor: gpus / whole };
  });
}

function valueFor({ domain }: Knob, backend: Backend): fc.Arbitrary<unknown> {
  if (domain.kind === 'boolean') return fc.boolean();
  if (domain.kind === 'choice') return fc.constantFrom(...(domain.of?.[backend] ?? domain.choices));
  if (domain.kind === 'number') return share;
  return fc.integer({ min: (domain as { min?: number }).min ?? 0, max: 200 });
}

/** Some of the scheduler's knobs, in bounds that the engines accept together. */
function schedulerOf(backend: Backend, version: string): fc.Arbitrary<Record<string, unknown>> {
  const values = SCHEDULER_KNOBS.filter((knob) => engineFlag(knob, backend, version) !== undefined).map(
    (knob): [string, fc.Arbitrary<unknown>] => {
      const key = knob.path.slice(knob.path.lastIndexOf('.') + 1);
      if (key === 'max_batched_tokens') return [key, fc.integer({ min: 4, max: 256 }).map((n) => n * 64)];
      if (key === 'max_prefill_tokens') return [key, fc.integer({ min: 1000, max: 40_000 })];
      return [key, valueFor(knob, backend)];
    },
  );
  return fc.record(Object.fromEntries(values), { requiredKeys: [] }).map((given) => {
    const { max_batched_tokens: tokens, ...rest } = given as { max_batched_tokens?: number };
    const fits = (given as { chunked_prefill?: boolean }).chunked_prefill !== false;
    return fits && tokens !== undefined ? { ...rest, max_batched_tokens: tokens } : rest;
  });
}

function capacityOf(): fc.Arbitrary<Record<string, number>> {
  const count = fc.integer({ min: 1000, max: 1e6 });
  return fc.oneof(
    share.map((memory_fraction) => ({ memory_fraction })),
    count.map((blocks) => ({ blocks })),
    count.map((n) => ({ tokens: n * 64 })),
    count.map((n) => ({ bytes: n * 1e5 })),
  );
}

const draft = fc.constantFrom('org/draft-1', './draft');
const speculation = fc
  .record({
    method: fc.constantFrom('mtp', 'eagle', 'eagle3', 'draft_model', 'ngram'),
    draft_tokens: fc.integer({ min: 1, max: 7 }),
    acceptance: share,
    draft_model: draft,
  })
  .map(({ draft_model, ...rest }) =>
    rest.method === 'mtp' || rest.method === 'ngram' ? rest : { ...rest, draft_model },
  );

function graphsOf(backend: Backend): fc.Arbitrary<Record<string, unknown>> {
  const largest = fc.integer({ min: 0, max: 512 }).map((max_size) => ({ max_size }));
  const listed = fc
    .uniqueArray(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 6 })
    .map((sizes) => ({ sizes: sizes.sort((a, b) => a - b) }));
  const either = fc.oneof(largest, listed);
  if (backend === 'vllm') return either;
  return fc.record({ either, padding: fc.boolean() }).map(({ either: sizes, padding }) => ({ ...sizes, padding }));
}

function workerOf(backend: Backend, version: string, model: string): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .record(
      {
        hardware: fc.constantFrom('h100_sxm', 'b200_sxm', 'a100_sxm', 'l4'),
        parallelism: shapeOf(backend, model),
        scheduler: schedulerOf(backend, version),
        kv_cache: fc.record(
          {
            block_size: fc.constantFrom(16, 32, 64),
            prefix_caching: fc.boolean(),
            dtype: fc.constantFrom('auto', 'fp8'),
            capacity: capacityOf(),
          },
          // SGLang's default can come to nothing on a small GPU.
          { requiredKeys: backend === 'sglang' ? ['capacity'] : [] },
        ),
        speculation,
        cuda_graphs: graphsOf(backend),
      },
      {
        requiredKeys: ['hardware', 'parallelism', 'scheduler', ...(backend === 'sglang' ? ['kv_cache' as const] : [])],
      },
    )
    .map((worker) => {
      // Whether drafts and roles allow overlapped passes depends on engine and version: those decide.
      const { async: _dropped, ...scheduler } = worker.scheduler as { async?: boolean };
      const decides = worker.speculation !== undefined || backend === 'trtllm';
      return decides ? { ...worker, scheduler } : worker;
    })
    .map((worker) => (backend === 'sglang' ? asSglangRuns(worker) : worker));
}

/** SGLang has neither mixed chunks nor drafts nor overlap with pipeline stages, nor mixed chunks with drafts, nor all drafts with DP attention. */
function asSglangRuns<T extends Record<string, unknown>>(worker: T): Record<string, unknown> {
  const { speculation: drawn, ...others } = worker;
  const { attention_data = 1, pipeline = 1 } = worker.parallelism as { attention_data?: number; pipeline?: number };
  const { mixed_batches, async, ...settings } = worker.scheduler as Record<string, unknown>;
  const speculates = drawn !== undefined && pipeline === 1;
  const { draft_tokens, acceptance } = (drawn ?? {}) as Record<string, unknown>;
  const speculation = attention_data > 1 ? { method: 'mtp', draft_tokens, acceptance } : drawn;
  const mayMix = mixed_batches !== undefined && !speculates && pipeline === 1;
  const mayOverlap = async !== undefined && pipeline === 1;
  const scheduler = { ...settings, ...(mayMix ? { mixed_batches } : {}), ...(mayOverlap ? { async } : {}) };
  return { ...others, scheduler, ...(speculates ? { speculation } : {}) };
}

/** An `engine` section, as somebody might write it. */
export const randomEngine: fc.Arbitrary<Record<string, unknown>> = fc
  .record({
    backend: fc.constantFrom(...BACKENDS),
    model: fc.constantFrom('test/dense', 'test/moe'),
    split: fc.boolean(),
    newest: fc.boolean(),
    pick: fc.nat(1000),
  })
  .chain(({ backend, model, split, newest, pick }) => {
    const versions = listEngineProfiles().filter((profile) => profile.backend === backend);
    const { version } = versions[newest ? versions.length - 1 : pick % versions.length];
    const worker = workerOf(backend, version, model);
    const workers = split ? fc.record({ prefill: worker, decode: worker }) : fc.record({ aggregated: worker });
    return fc.record({
      backend: fc.constant(backend),
      backend_version: fc.constant(version),
      model: fc.constant(model),
      context_length: fc.option(fc.integer({ min: 100, max: 16_000 }), { nil: null }),
      workers,
    });
  });
