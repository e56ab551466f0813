/** The facts that every trial of a search shares, as plain data. */
import { InputError } from '../base/inputError.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { poolsOf } from '../config/buildScenario.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { type Calibration, SHIPPED_CALIBRATION } from '../timing/calibration.ts';

export interface PlainFacts {
  readonly models: Readonly<Record<string, ModelFacts>>;
  readonly hardware: Readonly<Record<string, HardwareFacts>>;
  /** By file; the shipped coefficients need no copy. */
  readonly calibrations: Readonly<Record<string, Calibration>>;
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
    calibrations: Object.fromEntries(
      [...calibrationsIn(config.base), ...calibrationsIn(baseline)].map((file) => [file, facts.calibration(file)]),
    ),
  };
}

/** Coefficient files that a configuration names, read or not. */
function calibrationsIn(config: unknown): string[] {
  const files: string[] = [];
  JSON.stringify(config ?? null, (key, value: unknown) => {
    if (key === 'calibration' && typeof value === 'string') files.push(value);
    return value;
  });
  return files;
}

export function factsFrom(plain: PlainFacts): Facts {
  const find = <T>(record: Readonly<Record<string, T>>, name: string): T => {
    if (!Object.hasOwn(record, name)) throw new InputError({ message: `unknown name "${name}"` });
    return record[name];
  };
  return {
    model: (name) => find(plain.models, name),
    hardware: (name) => find(plain.hardware, name),
    calibration: (file) => (file === null ? SHIPPED_CALIBRATION : find(plain.calibrations, file)),
  };
}
