import type { HardwareFacts } from '../catalog/hardware.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { type EngineAt, engineAtVersion } from '../config/engineAt.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';

export type ServerRole = 'aggregated' | 'prefill' | 'decode';

/** Servers of one pool, which are started alike. */
export interface Server {
  /** Of the pool, as a file or a Kubernetes object may be called. */
  readonly name: string;
  readonly role: ServerRole;
  readonly pool: WorkerConfig;
  readonly engine: EngineAt;
  readonly config: PredictConfig;
  readonly model: ModelFacts;
  readonly hardware: HardwareFacts;
  readonly gpus: number;
  readonly facts: Facts;
}

/** A setting of the configuration that the engine cannot be told. */
export interface Inexpressible {
  /** Below the configuration. */
  readonly path: string;
  readonly value: unknown;
  readonly reason: string;
}

/** How a server is started. */
export interface Launch {
  /** `vllm serve MODEL`, as words. */
  readonly entry: readonly string[];
  /** Entry point of the Dynamo worker: its flags are the same but for the model's. */
  readonly flags: readonly (readonly string[])[];
  /** TensorRT-LLM's options file. */
  readonly options: Readonly<Record<string, unknown>> | null;
  readonly inexpressible: readonly Inexpressible[];
}

/** Every pool of a configuration as servers to start. */
export function serversOf(config: PredictConfig, facts: Facts): Server[] {
  const engine = engineAtVersion(config.engine.backend, config.engine.backend_version);
  const model = facts.model(config.engine.model);
  const taken = new Set<string>();
  return (['aggregated', 'prefill', 'decode'] as const).flatMap((role) =>
    (config.engine.workers[role] ?? []).map((pool) => {
      const { tensor, pipeline, attention_data } = pool.parallelism;
      return {
        name: unused(objectName(pool.name), taken),
        role,
        pool,
        engine,
        config,
        model,
        hardware: facts.hardware(pool.hardware),
        gpus: tensor * pipeline * attention_data,
        facts,
      };
    }),
  );
}

/** The name, or with a number behind it. */
function unused(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
  taken.add(free);
  return free;
}

/** Lower-case letters, digits and dashes, at most 40 of them (RFC 1123). */
export function objectName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return plain === '' ? 'pool' : plain.replace(/-+$/, '');
}

/** Boards of NVL racks carry four GPUs, others eight. */
export function gpusPerNode({ scaleUpDomain }: HardwareFacts): number {
  return scaleUpDomain.value > 8 ? 4 : 8;
}

/** Nodes that one server spans. */
export function nodesOf({ gpus, hardware }: Server): number {
  return Math.ceil(gpus / gpusPerNode(hardware));
}
