import { type Knob, NOT_NEGATIVE, POSITIVE } from '../knob.ts';

const W = 'engine.workers.<role>.kv_cache.tiers';

export const TIER_WRITES = ['through', 'on_eviction'] as const;
export const ONBOARDINGS = ['overlap', 'blocking'] as const;

/** No engine's own flag says all of this. */
const engines = { vllm: {}, sglang: {}, trtllm: {} } as const;

/** Where KV is kept below GPU memory. */
export const TIER_KNOBS = [
  {
    path: `${W}.onboarding`,
    domain: { kind: 'choice', choices: ONBOARDINGS },
    default: 'overlap',
    engines: { vllm: {} },
    instead: {
      sglang: 'leave it out: KV comes up while the pass that needs it computes',
      trtllm: 'leave it out: the pass that needs it waits for KV to come up',
    },
    tunable: true,
    about:
      'While KV comes up for one request, others are admitted past it (overlap, as vLLM loads asynchronously), or nobody is (blocking).',
  },
  {
    path: `${W}.host.capacity_gb_per_gpu`,
    domain: NOT_NEGATIVE,
    unit: 'GB per GPU',
    engines,
    tunable: true,
    about: 'Host memory for KV, per GPU of the replica; nodes of eight GPUs have 1.8 to 3 TB in all.',
  },
  {
    path: `${W}.host.gb_per_second_per_gpu`,
    domain: POSITIVE,
    unit: 'GB/s per GPU',
    engines,
    tunable: true,
    about:
      'Rate of each GPU to host memory, either way; by default 0.87 of the PCIe rate (55.6 of 64 GB/s are measured on PCIe 5).',
  },
  {
    path: `${W}.host.latency_ms`,
    domain: NOT_NEGATIVE,
    unit: 'ms',
    default: 0.01,
    engines,
    tunable: true,
    about: 'Until the first byte of a load from host memory arrives.',
  },
  {
    path: `${W}.host.write`,
    domain: { kind: 'choice', choices: TIER_WRITES },
    default: 'through',
    engines,
    tunable: true,
    about:
      'Host memory takes what is computed (through), or what GPU memory gives up (on_eviction, what TensorRT-LLM does).',
  },
  {
    path: `${W}.disk.capacity_gb_per_gpu`,
    domain: NOT_NEGATIVE,
    unit: 'GB per GPU',
    engines,
    tunable: true,
    about: 'Local disk for KV, per GPU of the replica; nodes of eight GPUs have 20 to 30 TB in all.',
  },
  {
    path: `${W}.disk.gb_per_second_per_gpu`,
    domain: POSITIVE,
    unit: 'GB/s per GPU',
    engines,
    tunable: true,
    about:
      "Rate of local disk for each GPU, either way; by default what one NVMe drive of the GPU's PCIe generation writes (PCIe 4: 3.5 GB/s, 5: 10).",
  },
  {
    path: `${W}.disk.latency_ms`,
    domain: NOT_NEGATIVE,
    unit: 'ms',
    engines,
    tunable: true,
    about:
      'Until the first byte of a load from disk arrives; by default that of such a drive, 0.09 ms on PCIe 4, 0.06 on 5.',
  },
  {
    path: `${W}.disk.write`,
    domain: { kind: 'choice', choices: TIER_WRITES },
    default: 'on_eviction',
    engines,
    tunable: true,
    about: 'Disk takes what the tier above it takes (through), or what that one gives up (on_eviction).',
  },
  {
    path: `${W}.shared.capacity_gb`,
    domain: NOT_NEGATIVE,
    unit: 'GB',
    engines,
    tunable: true,
    about: 'Store for KV that all replicas with the same block size share.',
  },
  {
    path: `${W}.shared.gb_per_second`,
    domain: POSITIVE,
    unit: 'GB/s',
    default: 80,
    engines,
    tunable: true,
    about: "Rate of the shared store for all replicas together, either way; the default is AISimulate's.",
  },
  {
    path: `${W}.shared.latency_ms`,
    domain: NOT_NEGATIVE,
    unit: 'ms',
    default: 0.1,
    engines,
    tunable: true,
    about: 'Until the first byte of a load from the shared store arrives.',
  },
  {
    path: `${W}.shared.write`,
    domain: { kind: 'choice', choices: TIER_WRITES },
    default: 'through',
    engines,
    tunable: true,
    about: 'The shared store takes what the tier above it takes (through), or what that one gives up (on_eviction).',
  },
] as const satisfies readonly Knob[];
