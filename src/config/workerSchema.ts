import { z } from 'zod';
import { CAPACITY_POLICIES, CHUNKING_POLICIES } from '../engine/trtllm/trtllmConfig.ts';
import { EXPERT_EXCHANGES } from '../timing/replica.ts';
import { type Fields, plainFields } from './fields.ts';
import { KV_DTYPES } from './knobs/cacheKnobs.ts';
import { POLICIES } from './knobs/schedulerKnobs.ts';
import { SPECULATION_METHODS } from './knobs/speculationKnobs.ts';
import { ONBOARDINGS, TIER_WRITES } from './knobs/tierKnobs.ts';

const WORKER = 'engine.workers.<role>';

const { number, text } = plainFields;

const pointMs = number(`${WORKER}.timing.ms`);
const unitMs = number(`${WORKER}.timing.per_unit_ms`);
const pointCount = number(`${WORKER}.timing.table.count`);
const timing = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('roofline'),
    calibration: text(`${WORKER}.timing.calibration`).nullable().optional(),
  }),
  z.strictObject({ type: z.literal('fixed'), prefill_ms: pointMs, decode_ms: pointMs }),
  z.strictObject({
    type: z.literal('linear'),
    base_ms: unitMs,
    per_prefill_token_ms: unitMs,
    per_sequence_ms: unitMs,
    per_context_token_ms: unitMs,
  }),
  z.strictObject({
    type: z.literal('table'),
    prefill: z.array(z.strictObject({ tokens: pointCount, ms: pointMs })).min(1),
    decode: z.array(z.strictObject({ sequences: pointCount, context: pointCount, ms: pointMs })).min(1),
  }),
]);

function schedulerSchema(fields: Fields) {
  const at = `${WORKER}.scheduler` as const;
  return z.strictObject({
    max_batched_tokens: fields.number(`${at}.max_batched_tokens`).optional(),
    max_sequences: fields.number(`${at}.max_sequences`).nullable().optional(),
    chunked_prefill: fields.boolean(`${at}.chunked_prefill`).optional(),
    async: fields.boolean(`${at}.async`).optional(),
    policy: fields.choice(`${at}.policy`, POLICIES).optional(),
    long_prefill_token_threshold: fields.number(`${at}.long_prefill_token_threshold`).optional(),
    watermark: fields.number(`${at}.watermark`).optional(),
    prefill_interval: fields.number(`${at}.prefill_interval`).optional(),
    max_prefill_tokens: fields.number(`${at}.max_prefill_tokens`).optional(),
    mixed_batches: fields.boolean(`${at}.mixed_batches`).optional(),
    conservativeness: fields.number(`${at}.conservativeness`).optional(),
    polling_interval: fields.number(`${at}.polling_interval`).optional(),
    prefill_delay_passes: fields.number(`${at}.prefill_delay_passes`).optional(),
    capacity_policy: fields.choice(`${at}.capacity_policy`, CAPACITY_POLICIES).optional(),
    chunking_policy: fields.choice(`${at}.chunking_policy`, CHUNKING_POLICIES).optional(),
    batch_wait_iterations: fields.number(`${at}.batch_wait_iterations`).optional(),
    batch_wait_tokens_ratio: fields.number(`${at}.batch_wait_tokens_ratio`).optional(),
    balance: fields.boolean(`${at}.balance`).optional(),
    balance_timeout_iterations: fields.number(`${at}.balance_timeout_iterations`).optional(),
    balance_wait_iterations: fields.number(`${at}.balance_wait_iterations`).optional(),
  });
}

function speculationSchema(fields: Fields) {
  const acceptance = number(`${WORKER}.speculation.acceptance`);
  return z.strictObject({
    method: fields.choice(`${WORKER}.speculation.method`, SPECULATION_METHODS),
    draft_tokens: fields.number(`${WORKER}.speculation.draft_tokens`),
    acceptance: z.union([acceptance, z.array(acceptance).min(1)]).optional(),
    accepted_length: number(`${WORKER}.speculation.accepted_length`).optional(),
    draft_model: text(`${WORKER}.speculation.draft_model`).nullable().optional(),
  });
}

function tiersSchema(fields: Fields) {
  const at = `${WORKER}.kv_cache.tiers` as const;
  return z.strictObject({
    onboarding: fields.choice(`${at}.onboarding`, ONBOARDINGS).optional(),
    host: z
      .strictObject({
        capacity_gb_per_gpu: fields.number(`${at}.host.capacity_gb_per_gpu`),
        gb_per_second_per_gpu: fields.number(`${at}.host.gb_per_second_per_gpu`).optional(),
        latency_ms: fields.number(`${at}.host.latency_ms`).optional(),
        write: fields.choice(`${at}.host.write`, TIER_WRITES).optional(),
      })
      .optional(),
    disk: z
      .strictObject({
        capacity_gb_per_gpu: fields.number(`${at}.disk.capacity_gb_per_gpu`),
        gb_per_second_per_gpu: fields.number(`${at}.disk.gb_per_second_per_gpu`).optional(),
        latency_ms: fields.number(`${at}.disk.latency_ms`).optional(),
        write: fields.choice(`${at}.disk.write`, TIER_WRITES).optional(),
      })
      .optional(),
    shared: z
      .strictObject({
        capacity_gb: fields.number(`${at}.shared.capacity_gb`),
        gb_per_second: fields.number(`${at}.shared.gb_per_second`).optional(),
        latency_ms: fields.number(`${at}.shared.latency_ms`).optional(),
        write: fields.choice(`${at}.shared.write`, TIER_WRITES).optional(),
      })
      .optional(),
  });
}

export type TiersInput = z.infer<ReturnType<typeof tiersSchema>>;

/** One pool; `fields` decides which of its values may be domains. */
export function workerSchema(fields: Fields) {
  return z.strictObject({
    name: text(`${WORKER}.name`).optional(),
    hardware: fields.text(`${WORKER}.hardware`).optional(),
    parallelism: z
      .strictObject({
        replicas: fields.number(`${WORKER}.parallelism.replicas`).optional(),
        tensor: fields.number(`${WORKER}.parallelism.tensor`).optional(),
        pipeline: fields.number(`${WORKER}.parallelism.pipeline`).optional(),
        attention_data: fields.number(`${WORKER}.parallelism.attention_data`).optional(),
        moe_tensor: fields.number(`${WORKER}.parallelism.moe_tensor`).optional(),
        moe_expert: fields.number(`${WORKER}.parallelism.moe_expert`).optional(),
        moe_exchange: fields.choice(`${WORKER}.parallelism.moe_exchange`, EXPERT_EXCHANGES).optional(),
        moe_imbalance: fields.number(`${WORKER}.parallelism.moe_imbalance`).optional(),
      })
      .optional(),
    scheduler: schedulerSchema(fields).optional(),
    kv_cache: z
      .strictObject({
        block_size: fields.number(`${WORKER}.kv_cache.block_size`).optional(),
        prefix_caching: fields.boolean(`${WORKER}.kv_cache.prefix_caching`).optional(),
        dtype: fields.choice(`${WORKER}.kv_cache.dtype`, KV_DTYPES).optional(),
        capacity: z
          .strictObject({
            memory_fraction: fields.number(`${WORKER}.kv_cache.capacity.memory_fraction`).optional(),
            blocks: fields.number(`${WORKER}.kv_cache.capacity.blocks`).optional(),
            tokens: fields.number(`${WORKER}.kv_cache.capacity.tokens`).optional(),
            bytes: fields.number(`${WORKER}.kv_cache.capacity.bytes`).optional(),
          })
          .optional(),
        tiers: tiersSchema(fields).optional(),
      })
      .optional(),
    speculation: speculationSchema(fields).nullable().optional(),
    cuda_graphs: z
      .strictObject({
        max_size: fields.number(`${WORKER}.cuda_graphs.max_size`).optional(),
        sizes: z
          .array(number(`${WORKER}.cuda_graphs.sizes`))
          .min(1)
          .optional(),
        padding: fields.boolean(`${WORKER}.cuda_graphs.padding`).optional(),
      })
      .optional(),
    timing: timing.optional(),
    startup: z
      .strictObject({
        provisioning_seconds: number(`${WORKER}.startup.provisioning_seconds`).optional(),
        load_gb_per_second: number(`${WORKER}.startup.load_gb_per_second`).nullable().optional(),
        warmup_seconds: number(`${WORKER}.startup.warmup_seconds`).optional(),
        warm_replicas: number(`${WORKER}.startup.warm_replicas`).optional(),
      })
      .optional(),
  });
}
