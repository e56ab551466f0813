/** The facts that every trial of a search shares, as plain data. */
import { InputError } from '../base/inputError.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { poolsOf } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';

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
