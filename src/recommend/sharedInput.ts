/** What every trial of a search shares: facts as plain data, and the source's workload on shared memory. */
import { InputError } from '../base/inputError.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { poolsOf } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import type { Workload } from '../workload/workload.ts';

export interface PlainFacts {
  readonly models: Readonly<Record<string, ModelFacts>>;
  readonly hardware: Readonly<Record<string, HardwareFacts>>;
}

/** The facts a search can ask for (and its baseline), as data that survives the way into a thread. */
export function plainFacts(config: RecommendConfig, facts: Facts, baseline?: PredictConfig): PlainFacts {
  const models = [config.model, ...(baseline === undefined ? [] : [baseline.engine.model])];
  const hardware = [
    ...config.hardware,
    ...(baseline === undefined ? [] : poolsOf(baseline).map(({ pool }) => pool.hardware)),
  ];
  return {
    models: Object.fromEntries(models.map((name) => [name, facts.model(name)])),
    hardware: Object.fromEntries(hardware.map((name) => [name, facts.hardware(name)])),
  };
}

export function factsFrom(plain: PlainFacts): Facts {
  const find = <T>(record: Readonly<Record<string, T>>, name: string): T => {
    if (!Object.hasOwn(record, name)) throw new InputError({ message: `unknown name "${name}"` });
    return record[name];
  };
  return { model: (name) => find(plain.models, name), hardware: (name) => find(plain.hardware, name) };
}

/** The same workload with its columns on SharedArrayBuffers, so that threads read one copy. */
export function onSharedMemory(workload: Workload): Workload {
  const columns = Object.entries(workload).map(([name, value]) => [name, isColumn(value) ? shared(value) : value]);
  return Object.fromEntries(columns) as unknown as Workload;
}

type Column = Float64Array | Int32Array | Uint8Array;

function isColumn(value: unknown): value is Column {
  return value instanceof Float64Array || value instanceof Int32Array || value instanceof Uint8Array;
}

function shared(column: Column): Column {
  const buffer = new SharedArrayBuffer(column.byteLength);
  const copy = new (column.constructor as new (buffer: SharedArrayBuffer) => Column)(buffer);
  copy.set(column);
  return copy;
}
