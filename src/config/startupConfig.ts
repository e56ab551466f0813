import { NS_PER_S } from '../base/units.ts';
import type { StartupSpec } from '../cluster/scenario.ts';
import { knobDefault } from './knobs.ts';

/** How replicas that are added during a run start. */
export interface StartupConfig {
  readonly provisioning_seconds: number;
  /** At which a node reads the weights of its GPUs; null = at once. */
  readonly load_gb_per_second: number | null;
  readonly warmup_seconds: number;
  readonly warm_replicas: number;
}

const W = 'engine.workers.<role>.startup';

export function resolveStartup(
  given: { readonly [Key in keyof StartupConfig]?: StartupConfig[Key] | undefined },
): StartupConfig {
  return {
    provisioning_seconds: given.provisioning_seconds ?? knobDefault<number>(`${W}.provisioning_seconds`),
    load_gb_per_second:
      given.load_gb_per_second === undefined
        ? knobDefault<number>(`${W}.load_gb_per_second`)
        : given.load_gb_per_second,
    warmup_seconds: given.warmup_seconds ?? knobDefault<number>(`${W}.warmup_seconds`),
    warm_replicas: given.warm_replicas ?? knobDefault<number>(`${W}.warm_replicas`),
  };
}

/** @param weightBytes that one node of a replica reads. */
export function startupSpecOf(startup: StartupConfig, weightBytes: number): StartupSpec {
  const { provisioning_seconds, load_gb_per_second, warmup_seconds, warm_replicas } = startup;
  const ns = (seconds: number): number => Math.round(seconds * NS_PER_S);
  return {
    provisioningNs: ns(provisioning_seconds),
    loadNs: load_gb_per_second === null ? 0 : ns(weightBytes / (load_gb_per_second * 1e9)),
    warmupNs: ns(warmup_seconds),
    warmReplicas: warm_replicas,
  };
}
