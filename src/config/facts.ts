import { InputError } from '../base/inputError.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { findHardware } from '../catalog/hardwareList.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { findModel } from '../catalog/models.ts';
import { type Calibration, SHIPPED_CALIBRATION } from '../timing/calibration.ts';

/** Where a configuration's model and GPUs are looked up. Both throw InputError for what they do not know. */
export interface Facts {
  /** `engine.model`: catalog id, or path of a config.json or its folder. */
  model(name: string): ModelFacts;
  /** Catalog id, or path of a hardware file. */
  hardware(name: string): HardwareFacts;
  /** Coefficients of a file, or the shipped ones for null. */
  calibration(file: string | null): Calibration;
}

/** Whether a model or GPU is named by a file rather than by its id: it begins with `.`, `/` or `~`, or ends like a file or folder. */
export function isPath(name: string): boolean {
  return /^(\.|\/|~|[A-Za-z]:\\)/.test(name) || /(\/|\.(json|ya?ml))$/i.test(name);
}

/** Facts of the catalog alone: no files are read. */
export const catalogFacts: Facts = { model: findModel, hardware: findHardware, calibration: shippedCalibration };

/** @throws InputError for anything but null: there are no files. */
export function shippedCalibration(file: string | null): Calibration {
  if (file === null) return SHIPPED_CALIBRATION;
  throw new InputError({ message: `coefficient files cannot be read here, got "${file}"` });
}
