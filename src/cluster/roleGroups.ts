import type { ReportedLoads } from './router/loads.ts';
import type { RouterSpec } from './router/routerSpec.ts';
import type { Worker } from './worker.ts';
import type { WorkerGroup } from './workerGroup.ts';

/** The fleet by role, a router each: who takes requests first, who decodes what they have computed, and who stands in for both. */
export class RoleGroups {
  /** Those that requests go to first: prefill workers where there are any. */
  readonly entry: WorkerGroup;
  readonly decode: WorkerGroup | null;
  /** Aggregated workers beside prefill and decode: they serve while one of the two has nobody up. */
  readonly #standIn: WorkerGroup | null;
  readonly #all: readonly WorkerGroup[];
  readonly #reports: readonly ReportedLoads[];

  constructor(entry: WorkerGroup, decode: WorkerGroup | null, standIn: WorkerGroup | null) {
    this.entry = entry;
    this.decode = decode;
    this.#standIn = standIn;
    this.#all = [entry, decode, standIn].filter((group) => group !== null);
    this.#reports = this.#all.flatMap(({ reports }) => reports ?? []);
  }

  /** Aggregated workers that could serve in place of the others; null: there are none, or none is up. */
  get standIn(): WorkerGroup | null {
    return this.#standIn?.isUp === true ? this.#standIn : null;
  }

  /** The same if they have to, as no prefill or no decode worker is up. */
  get neededStandIn(): WorkerGroup | null {
    const { standIn } = this;
    return standIn !== null && !(this.entry.isUp && this.decode!.isUp) ? standIn : null;
  }

  /** Those in whose KV cache requests live while they decode. */
  get keepers(): WorkerGroup {
    return this.neededStandIn ?? this.decode ?? this.entry;
  }

  of({ pool }: Worker): WorkerGroup {
    if (pool.role === this.entry.role) return this.entry;
    return pool.role === 'decode' ? this.decode! : this.#standIn!;
  }

  /** Reports of load that are due before anything happens at `nowNs`. */
  reportUntil(nowNs: number): void {
    for (const reports of this.#reports) reports.reportUntil(nowNs);
  }

  /** Workers have come up or gone down. */
  renew(): void {
    for (const group of this.#all) group.renew();
  }

  /** Another router takes over everywhere. */
  reroute(router: RouterSpec): void {
    for (const group of this.#all) group.reroute(router);
  }
}
