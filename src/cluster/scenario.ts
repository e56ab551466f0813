import type { EngineConfig } from '../engine/engineConfig.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import type { Workload } from '../workload/workload.ts';
import type { FaultSpec } from './faultSpec.ts';
import type { FrontEndSpec } from './frontEnd.ts';
import type { NetworkSpec } from './network/networkSpec.ts';
import type { PatienceSpec } from './patience.ts';
import type { PlannerSpec } from './planner.ts';
import type { RouterSpec } from './router/routerSpec.ts';

export type Role = 'aggregated' | 'prefill' | 'decode';

/** How a replica starts: a node is found, the weights are loaded, the engine captures graphs and warms up. */
export interface StartupSpec {
  readonly provisioningNs: number;
  readonly loadNs: number;
  readonly warmupNs: number;
  /**
   * Nodes kept ready for this many replicas, whose start-up then needs no provisioning. One that is taken is provisioned
   * anew. All of them are paid for all the time.
   */
  readonly warmReplicas: number;
}

/** Replicas with the same hardware, parallelism and settings. */
export interface PoolSpec {
  readonly name: string;
  readonly role: Role;
  /** At the beginning; 0 only where a planner may add some. */
  readonly replicas: number;
  readonly gpusPerReplica: number;
  /** Time until its replicas serve, from the beginning of the run; left out: none. */
  readonly startupNs?: number;
  /** Of replicas that a planner adds; left out: none. */
  readonly startup?: StartupSpec;
  readonly engine: EngineConfig;
  readonly timer: StepTimer;
}

/** How KV moves from a prefill to a decode replica. */
export interface TransferSpec {
  /** Bytes per second between one pair of replicas; Infinity = free. */
  readonly bandwidthBytesPerS: number;
  /** Of each message, after its last byte has left. */
  readonly latencyNs: number;
  /** KV bytes of one token, whole replica. */
  readonly kvBytesPerToken: number;
  /** Whether a decode replica reserves pages before the prompt is computed; left out: after. */
  readonly order?: 'source_first' | 'destination_first';
  /** This share of the KV moves while the prompt is computed, below 1, the rest after. Needs destination first. Left out: all after. */
  readonly streamedShare?: number;
  /** Decode replicas compute prompts themselves that have at most `maxTokens` not cached, or while more than `maxQueue` wait for prefill. */
  readonly local?: { readonly maxTokens: number; readonly maxQueue: number };
  /** A hand-over, from asking for pages to the arrival of the KV but for the computing in between, is given up after this time. Left out: never. */
  readonly timeoutNs?: number;
  /** By prefill and decode pool: what each token costs there when the two cut the KV differently, ns. Left out: nothing. */
  readonly reshard?: readonly (readonly number[])[];
}

/** Open: authored arrivals, divided by `speedup`. Closed: `concurrency` slots, each holding one session at a time. */
export type LoadSpec =
  | { readonly kind: 'open'; readonly speedup: number }
  | { readonly kind: 'closed'; readonly concurrency: number };

/** Everything a simulation depends on. Plain data but for the timers, which are pure. */
export interface Scenario {
  readonly workload: Workload;
  readonly load: LoadSpec;
  /** One aggregated pool or more; or prefill pools and decode pools, and maybe aggregated ones for while one of the two roles has nobody up. */
  readonly pools: readonly PoolSpec[];
  readonly router: RouterSpec;
  /** Left out: requests reach the router as they arrive. */
  readonly frontEnd?: FrontEndSpec;
  /** Required with prefill/decode pools. */
  readonly transfer: TransferSpec | null;
  /** What transfers share; left out: nothing, each has its own wire. */
  readonly network?: NetworkSpec;
  /** Left out: nothing goes wrong. */
  readonly faults?: FaultSpec;
  /** Left out: pools keep the replicas they have. */
  readonly planner?: PlannerSpec;
  /** Left out: clients wait for ever. */
  readonly patience?: PatienceSpec;
  /** Requests beyond this many in the system are turned away on arrival; left out: none is. */
  readonly maxInFlight?: number;
  /**
   * They are turned away while every decoding replica that is up is known to have more than this share of its KV pages in use
   * (Dynamo's request rejection by active decode blocks); left out: none is.
   */
  readonly maxKvUsage?: number;
  readonly seed: number;
  /** Requests longer than the context: refused and counted, silently left out, or cut (the prompt first, output kept). */
  readonly overLength: 'reject' | 'drop' | 'truncate';
  /** No request is released after this virtual time; what runs finishes. Infinity = no limit. */
  readonly maxVirtualNs: number;
  /** `fast` skips over unchanged decode passes; `plain` runs one pass at a time on a page-by-page cache and is the reference. */
  readonly core: 'fast' | 'plain';
  /** Keep about this many samples of the fleet's state over time (0 = none). Sampling never changes the timeline. */
  readonly samples: number;
}
