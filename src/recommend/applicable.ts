import type { Backend } from '../catalog/engineProfile.ts';
import { newestProfile } from '../catalog/engineProfiles.ts';
import { unavailable } from '../config/availability.ts';
import { engineAtVersion } from '../config/engineAt.ts';
import { findKnob } from '../config/knobs.ts';
import { valueAt } from '../config/paths.ts';
import type { Assignment, Domain, RecommendConfig, Scalar } from '../config/recommendConfig.ts';

/** Which domains mean something beside given values of the others. */
export class Applicable {
  readonly #config: RecommendConfig;

  constructor(config: RecommendConfig) {
    this.#config = config;
  }

  /**
   * One point of a product of domains, without those that do not apply. null for all points but the first that
   * differ in such a domain alone.
   * @param given values of other domains.
   */
  point(domains: readonly Domain[], values: readonly Scalar[], given: Assignment): Assignment | null {
    const all: Assignment = { ...given, ...Object.fromEntries(domains.map(({ path }, k) => [path, values[k]])) };
    const point: Record<string, Scalar> = {};
    for (const [k, domain] of domains.entries()) {
      if (this.#applies(domain, all)) point[domain.path] = values[k];
      else if (values[k] !== domain.values[0]) return null;
    }
    return point;
  }

  /** Values of the shared knobs that decide whether these domains apply. */
  decidedBy(domains: readonly Domain[], shared: Assignment): string {
    const paths = new Set(domains.flatMap(({ when }) => Object.keys(when)));
    return [...paths].map((path) => this.#valueOf(path, shared)).join(' ');
  }

  #applies({ path, values, when }: Domain, all: Assignment): boolean {
    const holds = Object.entries(when).every(([knob, wanted]) => wanted.includes(this.#valueOf(knob, all) as Scalar));
    if (!holds || findKnob(path)?.engines === undefined) return holds;
    // Of several engines some may not have it.
    const backend = this.#valueOf('engine.backend', all) as Backend;
    const version = valueAt(this.#config.base, 'engine.backend_version') ?? newestProfile(backend).version;
    const engine = engineAtVersion(backend, String(version));
    return values.some((value) => unavailable(path, value, engine) === null);
  }

  #valueOf(path: string, all: Assignment): unknown {
    if (path in all) {
      const domain = this.#config.domains.find((each) => each.path === path);
      if (domain === undefined || this.#applies(domain, all)) return all[path];
    }
    return valueAt(this.#config.base, path) ?? findKnob(path)?.default;
  }
}
