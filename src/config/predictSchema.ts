/**
 * The YAML as users write it: strict (unknown keys are errors), with short forms and everything but the traffic, the
 * model and the GPU left out at will. Short forms:
 * - a length is a number, or `{type: fixed | uniform | lognormal, ...}`;
 * - `engine.workers.<role>` is one pool, or a list of named pools;
 * - `engine.hardware` is the GPU of every pool that names none;
 * - a value may be `null` where the default is null.
 */
import { z } from 'zod';
import { BACKENDS } from '../catalog/engineProfile.ts';
import { ROUTER_POLICIES } from '../cluster/router/routerSpec.ts';
import { PRESET_NAMES } from '../workload/presets.ts';
import { type Fields, plainFields } from './fields.ts';
import { MODES, QUANTIZATIONS } from './knobs/engineKnobs.ts';
import { FAULT_DOMAINS, LOSS_POLICIES } from './knobs/faultKnobs.ts';
import { TRACE_FORMATS } from './knobs/trafficKnobs.ts';
import { HANDOVER_ORDERS } from './knobs/transferKnobs.ts';
import { plannerSchema } from './plannerSchema.ts';
import { workerSchema } from './workerSchema.ts';

const SLO_STATISTICS = ['mean', 'p50', 'p75', 'p90', 'p95', 'p99', 'max'] as const;
const SLO_METRICS = ['ttft_ms', 'tpot_ms', 'itl_ms', 'e2e_ms'] as const;

const { number, boolean, text, choice } = plainFields;

const fixedLength = z.strictObject({ type: z.literal('fixed'), tokens: number('length.tokens') });
const uniformLength = z.strictObject({
  type: z.literal('uniform'),
  min: number('length.min'),
  max: number('length.max'),
});
const lognormalLength = z.strictObject({
  type: z.literal('lognormal'),
  median: number('length.median'),
  sigma: number('length.sigma'),
  min: number('length.min').optional(),
  max: number('length.max').optional(),
});
const length = z.union([
  number('length.tokens'),
  z.discriminatedUnion('type', [fixedLength, uniformLength, lognormalLength]),
]);

const thinkSeconds = z.union([
  number('think.seconds'),
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('fixed'), seconds: number('think.seconds') }),
    z.strictObject({ type: z.literal('uniform'), min: number('think.seconds'), max: number('think.seconds') }),
    z.strictObject({ type: z.literal('exponential'), mean: number('think.mean') }),
  ]),
]);

const traceSource = z.strictObject({
  type: z.literal('trace'),
  path: text('traffic.source.path'),
  format: choice('traffic.source.format', TRACE_FORMATS).optional(),
  block_size: number('traffic.source.block_size').optional(),
  columns: z
    .strictObject({
      timestamp: text('traffic.source.columns.timestamp'),
      input_tokens: text('traffic.source.columns.input_tokens'),
      output_tokens: text('traffic.source.columns.output_tokens'),
      session_id: text('traffic.source.columns.session_id').optional(),
      class: text('traffic.source.columns.class').optional(),
      priority: text('traffic.source.columns.priority').optional(),
    })
    .nullable()
    .optional(),
  timestamp_unit: choice('traffic.source.timestamp_unit', ['ms', 's', 'datetime']).optional(),
  skip_bad_lines: boolean('traffic.source.skip_bad_lines').optional(),
});

const syntheticSource = z.strictObject({
  type: z.literal('synthetic'),
  input_tokens: length,
  output_tokens: length,
  requests: number('traffic.source.requests').optional(),
  shared_prefix: z
    .strictObject({ groups: number('traffic.source.shared_prefix.groups'), tokens: length })
    .nullable()
    .optional(),
  sessions: z.strictObject({ turns: length, think_seconds: thinkSeconds.optional() }).nullable().optional(),
  block_size: number('traffic.source.synthetic.block_size').optional(),
});

const presetSource = z.strictObject({
  type: z.literal('preset'),
  name: choice('traffic.source.name', PRESET_NAMES),
  requests: number('traffic.source.requests').optional(),
});

function loadSchema(fields: Fields) {
  const rate = fields.number('traffic.load.requests_per_second');
  return z.discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('trace_timestamps'),
      speedup: number('traffic.load.speedup').optional(),
      spread: choice('traffic.load.spread', ['none', 'uniform']).optional(),
    }),
    z.strictObject({ type: z.literal('poisson'), requests_per_second: rate }),
    z.strictObject({
      type: z.literal('gamma'),
      requests_per_second: rate,
      burstiness: number('traffic.load.burstiness'),
    }),
    z.strictObject({ type: z.literal('constant'), requests_per_second: rate }),
    z.strictObject({ type: z.literal('concurrency'), concurrency: fields.number('traffic.load.concurrency') }),
  ]);
}

function trafficSchema(fields: Fields) {
  return z.strictObject({
    source: z.discriminatedUnion('type', [traceSource, syntheticSource, presetSource]),
    load: loadSchema(fields).optional(),
    stop: z
      .strictObject({
        requests: number('traffic.stop.requests').nullable().optional(),
        max_virtual_time_seconds: number('traffic.stop.max_virtual_time_seconds').nullable().optional(),
      })
      .optional(),
    over_length: choice('traffic.over_length', ['reject', 'drop', 'truncate']).optional(),
    max_output_tokens: z
      .union([
        z.enum(['exact', 'context']),
        z.strictObject({ fixed: number('traffic.max_output_tokens.fixed') }),
        z.strictObject({ factor: number('traffic.max_output_tokens.factor') }),
      ])
      .optional()
      .meta({ description: 'What the client asks for (max_tokens); exact is what is generated.', default: 'exact' }),
    ignore_eos: boolean('traffic.ignore_eos').optional(),
    classes: z.record(z.string(), z.strictObject({ priority: number('traffic.classes.priority') })).optional(),
    patience: z
      .strictObject({
        first_token_seconds: number('traffic.patience.first_token_seconds').optional(),
        whole_seconds: number('traffic.patience.whole_seconds').optional(),
        abandoned_share: number('traffic.patience.abandoned_share').optional(),
        abandoned_mean_seconds: number('traffic.patience.abandoned_mean_seconds').optional(),
      })
      .optional(),
  });
}

function engineSchema(fields: Fields) {
  const pools = z.union([workerSchema(fields), z.array(workerSchema(fields)).min(1)]);
  return z.strictObject({
    mode: fields.choice('engine.mode', MODES).optional(),
    model: text('engine.model'),
    hardware: fields.text('engine.hardware').optional(),
    backend: fields.choice('engine.backend', BACKENDS).optional(),
    backend_version: text('engine.backend_version').nullable().optional(),
    quantization: fields.choice('engine.quantization', QUANTIZATIONS).optional(),
    context_length: fields.number('engine.context_length').nullable().optional(),
    workers: z
      .strictObject({ aggregated: pools.optional(), prefill: pools.optional(), decode: pools.optional() })
      .optional(),
    kv_transfer: z
      .strictObject({
        bandwidth_gb_per_second: fields.number('engine.kv_transfer.bandwidth_gb_per_second').nullable().optional(),
        latency_ms: fields.number('engine.kv_transfer.latency_ms').optional(),
        order: fields.choice('engine.kv_transfer.order', HANDOVER_ORDERS).optional(),
        streaming: fields.boolean('engine.kv_transfer.streaming').optional(),
        timeout_seconds: fields.number('engine.kv_transfer.timeout_seconds').optional(),
        local_prefill_tokens: fields.number('engine.kv_transfer.local_prefill_tokens').optional(),
        local_prefill_queue: fields.number('engine.kv_transfer.local_prefill_queue').optional(),
      })
      .optional(),
  });
}

const sloBound = z.strictObject(
  Object.fromEntries(SLO_STATISTICS.map((statistic) => [statistic, number('evaluation.slo.bound').optional()])),
) as unknown as z.ZodType<Partial<Record<(typeof SLO_STATISTICS)[number], number>>>;
const sloBounds = Object.fromEntries(SLO_METRICS.map((metric) => [metric, sloBound.optional()])) as unknown as Record<
  (typeof SLO_METRICS)[number],
  z.ZodOptional<typeof sloBound>
>;
const slo = z.strictObject({ ...sloBounds, classes: z.record(z.string(), z.strictObject(sloBounds)).optional() });

const windowEdge = z.union([
  z.strictObject({ requests: number('evaluation.window.requests') }),
  z.strictObject({ seconds: number('evaluation.window.seconds') }),
]);

const price = number('cost.usd_per_gpu_hour');

function routerSchema(fields: Fields) {
  return z.strictObject({
    policy: fields.choice('router.policy', ROUTER_POLICIES).optional(),
    overlap_score_credit: fields.number('router.overlap_score_credit').optional(),
    host_credit: fields.number('router.host_credit').optional(),
    disk_credit: fields.number('router.disk_credit').optional(),
    shared_credit: fields.number('router.shared_credit').optional(),
    overlap_credit_decay: fields.number('router.overlap_credit_decay').optional(),
    prefill_load_scale: fields.number('router.prefill_load_scale').optional(),
    active_request_weight: fields.number('router.active_request_weight').optional(),
    temperature: fields.number('router.temperature').optional(),
    use_kv_events: fields.boolean('router.use_kv_events').optional(),
    ttl_seconds: fields.number('router.ttl_seconds').optional(),
    prefill_load_model: fields.choice('router.prefill_load_model', ['none', 'timing']).optional(),
    session_affinity_seconds: fields.number('router.session_affinity_seconds').optional(),
    report_interval_ms: fields.number('router.report_interval_ms').optional(),
    queue_threshold: fields.number('router.queue_threshold').optional(),
    queue_policy: fields.choice('router.queue_policy', ['fcfs', 'lcfs', 'wspt']).optional(),
    max_in_flight: fields.number('router.max_in_flight').optional(),
    max_kv_usage: fields.number('router.max_kv_usage').optional(),
  });
}

function networkSchema(fields: Fields) {
  return z.strictObject({
    gpus_per_node: fields.number('network.gpus_per_node').optional(),
    scale_up_gpus: fields.number('network.scale_up_gpus').nullable().optional(),
    scale_up_gb_per_second: fields.number('network.scale_up_gb_per_second').nullable().optional(),
    nics_per_node: fields.number('network.nics_per_node').optional(),
    nic_gb_per_second: fields.number('network.nic_gb_per_second').nullable().optional(),
    nodes_per_leaf: fields.number('network.nodes_per_leaf').nullable().optional(),
    oversubscription: fields.number('network.oversubscription').optional(),
  });
}

function faultsSchema() {
  const target = {
    pool: text('faults.pool').optional(),
    replica: number('faults.replica').optional(),
    node: number('faults.node').optional(),
  };
  return z.strictObject({
    policy: choice('faults.policy', LOSS_POLICIES).optional(),
    max_retries: number('faults.max_retries').optional(),
    crashes: z
      .array(
        z.strictObject({
          ...target,
          at_seconds: number('faults.crashes.at_seconds'),
          down_seconds: number('faults.crashes.down_seconds').nullable().optional(),
        }),
      )
      .optional(),
    random_crashes: z
      .strictObject({
        of: choice('faults.random_crashes.of', FAULT_DOMAINS).optional(),
        mean_up_seconds: number('faults.random_crashes.mean_up_seconds'),
        down_seconds: number('faults.random_crashes.down_seconds'),
      })
      .nullable()
      .optional(),
    stragglers: z
      .array(
        z.strictObject({
          ...target,
          factor: number('faults.stragglers.factor'),
          at_seconds: number('faults.stragglers.at_seconds').optional(),
          for_seconds: number('faults.stragglers.for_seconds').nullable().optional(),
        }),
      )
      .optional(),
    random_stragglers: z
      .strictObject({
        mean_up_seconds: number('faults.random_stragglers.mean_up_seconds'),
        for_seconds: number('faults.random_stragglers.for_seconds'),
        factor: number('faults.random_stragglers.factor'),
      })
      .nullable()
      .optional(),
    slow_links: z
      .array(
        z.strictObject({
          ...target,
          factor: number('faults.slow_links.factor'),
          at_seconds: number('faults.slow_links.at_seconds'),
          for_seconds: number('faults.slow_links.for_seconds').nullable().optional(),
        }),
      )
      .optional(),
    random_slow_links: z
      .strictObject({
        of: choice('faults.random_slow_links.of', FAULT_DOMAINS).optional(),
        mean_up_seconds: number('faults.random_slow_links.mean_up_seconds'),
        for_seconds: number('faults.random_slow_links.for_seconds'),
        factor: number('faults.random_slow_links.factor'),
      })
      .nullable()
      .optional(),
  });
}

/** The sections both kinds of file have, with `fields` deciding which of their values may be domains. */
export function sections(fields: Fields) {
  return {
    seed: number('seed').optional(),
    traffic: trafficSchema(fields),
    engine: engineSchema(fields),
    router: routerSchema(fields).optional(),
    network: networkSchema(fields).optional(),
    faults: faultsSchema().optional(),
    evaluation: z
      .strictObject({
        slo: slo.nullable().optional(),
        window: z.strictObject({ warmup: windowEdge.optional(), cooldown: windowEdge.optional() }).optional(),
      })
      .optional(),
    cost: z
      .strictObject({
        usd_per_gpu_hour: z
          .union([price, z.record(z.string(), price)])
          .nullable()
          .optional(),
      })
      .optional(),
  };
}

export const predictSchema = z
  .strictObject({ ...sections(plainFields), planner: plannerSchema(plainFields).optional() })
  .meta({ title: 'dynosim predict', description: 'One deployment, one workload.' });

export type PredictInput = z.infer<typeof predictSchema>;
export type WorkerInput = Exclude<NonNullable<NonNullable<PredictInput['engine']['workers']>['aggregated']>, unknown[]>;
