import type { Backend, EngineProfile, MemoryClass } from '../catalog/engineProfile.ts';
import { settingOf } from '../catalog/engineProfile.ts';
import { matchProfile } from '../catalog/engineProfiles.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';

const MIB_PER_GIB = 1024;

/** The engine of a configuration: what the user calls its version, and what is known of that. */
export interface EngineAt {
  readonly backend: Backend;
  readonly version: string;
  readonly profile: EngineProfile;
}

/** @throws InputError for text that is no version. */
export function engineAtVersion(backend: Backend, version: string): EngineAt {
  return { backend, version, profile: matchProfile(backend, version).profile };
}

/** Defaults for a GPU of that memory and name. */
export function memoryClassOf(profile: EngineProfile, { id, name, memoryMib }: HardwareFacts): MemoryClass {
  const gib = memoryMib.value / MIB_PER_GIB;
  const called = `${id} ${name}`.toLowerCase();
  const classes = settingOf<readonly MemoryClass[]>(profile, 'limits');
  return classes.find(
    ({ at_least_gib, except }) => gib >= at_least_gib && (except === undefined || !called.includes(except)),
  )!;
}
