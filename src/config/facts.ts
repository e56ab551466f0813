import type { HardwareFacts } from '../catalog/hardware.ts';
import { findHardware } from '../catalog/hardwareList.ts';
import type { ModelFacts } from '../catalog/model.ts';
import { findModel } from '../catalog/models.ts';

/** Where a configuration's model and GPUs are looked up. Both throw InputError for what they do not know. */
export interface Facts {
  /** `engine.model`: catalog id, or path of a config.json or its folder. */
  model(name: string): ModelFacts;
  /** Catalog id, or path of a hardware file. */
  hardware(name: string): HardwareFacts;
}

/** Whether a model or GPU is named by a file rather than by its id: it begins with `.`, `/` or `~`, or ends like a file or folder. */
export function isPath(name: string): boolean {
  return /^(\.|\/|~|[A-Za-z]:\\)/.test(name) || /(\/|\.(json|ya?ml))$/i.test(name);
}

/** Facts of the catalog alone: no files are read. */
export const catalogFacts: Facts = { model: findModel, hardware: findHardware };
