import type { StartupSpec } from './scenario.ts';

const AT_ONCE: StartupSpec = { provisioningNs: 0, loadNs: 0, warmupNs: 0, warmReplicas: 0 };

/** Start-ups of one pool's replicas, and the nodes that are kept ready for some of them. */
export class WarmPool {
  readonly #startup: StartupSpec;
  /** When each node kept is, or was, provisioned. */
  readonly #readyNs: number[];

  constructor(startup: StartupSpec = AT_ONCE) {
    this.#startup = startup;
    this.#readyNs = new Array<number>(startup.warmReplicas).fill(0);
  }

  get nodes(): number {
    return this.#readyNs.length;
  }

  /** When a replica that begins to start at `nowNs` is ready; takes a warm node if there is one. */
  start(nowNs: number): number {
    const { provisioningNs, loadNs, warmupNs } = this.#startup;
    const warm = this.#readyNs.findIndex((readyNs) => readyNs <= nowNs);
    if (warm >= 0) this.#readyNs[warm] = nowNs + provisioningNs;
    return nowNs + (warm >= 0 ? 0 : provisioningNs) + loadNs + warmupNs;
  }
}
