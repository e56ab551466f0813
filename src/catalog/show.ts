import { InputError } from '../base/inputError.ts';
import { BACKENDS, type Backend } from './engineProfile.ts';
import { matchProfile, newestProfile } from './engineProfiles.ts';
import { hardwareToFile } from './hardwareFile.ts';
import { findHardware, listHardware } from './hardwareList.ts';
import type { ModelFacts } from './model.ts';
import { findModel } from './models.ts';
import { derivedParameters, weightBytes } from './weights.ts';

/**
 * A catalog entry as a plain object, keys in snake_case: a GPU as a hardware file one can copy and edit, a model with
 * what follows from its shape, an engine (`vllm`, `vllm@0.19.0`) with its defaults and rules.
 * @throws InputError when no GPU, model or engine goes by that name.
 */
export function showCatalogEntry(name: string): Record<string, unknown> {
  const [engine, version] = name.toLowerCase().split('@');
  const backend = BACKENDS.find((each) => each === engine);
  if (backend !== undefined) return showEngine(backend, version);
  const isHardware = listHardware().some((hardware) => hardware.id === name.toLowerCase());
  if (isHardware) return hardwareToFile(findHardware(name));
  return showModel(findByName(name));
}

/** An engine's profile; without a version, the newest. */
function showEngine(backend: Backend, version: string | undefined): Record<string, unknown> {
  const newest = newestProfile(backend);
  const { profile, warning } = matchProfile(backend, version ?? newest.version);
  return {
    backend,
    name: profile.name,
    version: profile.version,
    date: profile.date,
    ...(warning === null ? {} : { warning }),
    settings: Object.fromEntries(profile.settings),
  };
}

function findByName(name: string): ModelFacts {
  try {
    return findModel(name);
  } catch (noModel) {
    // A name without an owner may as well be a mistyped GPU: give both guesses.
    if (!(noModel instanceof InputError) || name.includes('/')) throw noModel;
    try {
      findHardware(name);
    } catch (noHardware) {
      throw new InputError([...(noHardware as InputError).issues, ...noModel.issues]);
    }
    throw noModel;
  }
}

/** A model's facts with the parameters and checkpoint bytes that follow from them. */
export function showModel(model: ModelFacts): Record<string, unknown> {
  const { total, active } = derivedParameters(model);
  return {
    ...(snakeCased(model) as Record<string, unknown>),
    derived: { parameters: total, active_parameters: active, checkpoint_bytes: Math.round(weightBytes(model)) },
  };
}

function snakeCased(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [snakeCase(key), snakeCased(inner)]);
  return Object.fromEntries(entries);
}

function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
