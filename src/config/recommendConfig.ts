/**
 * A recommend configuration with every default filled in: what stays the same in every candidate, the fields that vary
 * with the values they may take, and what makes one candidate better than another.
 *
 * How to use it: a candidate of mode M is one value for `engine.mode` (= M), for every other domain whose `role` is
 * null, and for every domain whose role belongs to M (`aggregated`; or `prefill` and `decode`), as far as its `when` holds. `candidateConfig` turns
 * such an assignment into a PredictConfig, or throws InputError where the combination is illegal.
 * The structural fields are always listed, with one value where the user fixed them:
 *   engine.mode, engine.hardware (or engine.workers.<role>.hardware where a role has its own), router.policy, and for each role
 *   engine.workers.<role>.parallelism.{replicas, tensor}, for MoE models also .attention_data and .moe_expert,
 *   and for aggregated and prefill engine.workers.<role>.scheduler.max_batched_tokens.
 * Any other path is there only because the user gave it as a domain. Lists of pools are addressed by index
 * (`engine.workers.decode.1.parallelism.replicas`), and a role given as a list has only the domains the user wrote.
 */
import type { Role } from '../cluster/scenario.ts';
import type { SloSpec } from '../metrics/report.ts';
import type { ALGORITHMS } from './knobs/goalKnobs.ts';
import type { PredictConfig } from './predictConfig.ts';

export type Scalar = string | number | boolean;

export interface Domain {
  /** In the words of the YAML: `engine.workers.prefill.parallelism.tensor`. */
  readonly path: string;
  /** At least one, no repeats, in the order they are tried. Not filtered for legality: shapes can be illegal together. */
  readonly values: readonly Scalar[];
  /** The role whose workers it sets; null for what all modes share. */
  readonly role: Role | null;
  /** Who set the values: a default domain, or the user. */
  readonly origin: 'default' | 'user';
  /** It applies to candidates in which each of these knobs has one of these values; empty: to all that have the role. */
  readonly when: Conditions;
}

/** Knobs by path, and the values that are meant. */
export type Conditions = Readonly<Record<string, readonly Scalar[]>>;

/** One value for each domain that applies, by path. */
export type Assignment = Readonly<Record<string, Scalar>>;

export interface ObjectiveSpec {
  /** See metrics/metricNames.ts. */
  readonly metric: string;
  readonly direction: 'minimize' | 'maximize';
}

/**
 * - `given_load`: one trace or rate; cost against latency at that load.
 * - `load_ladder`: concurrency or a list of rates; throughput per GPU against throughput per user as load varies. The
 *   rungs are the domain `traffic.load.concurrency` or `traffic.load.requests_per_second`.
 * - `capacity`: the first objective is a throughput at a given trace or rate: the highest multiplier of that load each
 *   deployment holds within the SLO.
 */
export type GoalKind = 'given_load' | 'load_ladder' | 'capacity';

/** A bound on a metric of the report or on a numeric field of the candidate; exactly one of `metric` and `knob`. */
export interface ConstraintRule {
  readonly metric?: string;
  /** Path in the YAML's words; a role's knob is judged only in candidates that have the role. */
  readonly knob?: string;
  readonly min: number | null;
  readonly max: number | null;
  /** The rule is for candidates in which each of these knobs has one of these values; empty: for all. */
  readonly when: Conditions;
}

/** `cascade` tries what may matter, `exhaustive` everything, `random` everything in random order. */
export type Algorithm = (typeof ALGORITHMS)[number];

export interface RecommendConfig {
  readonly seed: number;
  /** `engine.model`: catalog id or path. */
  readonly model: string;
  /** Every GPU type some candidate may use, no repeats. */
  readonly hardware: readonly string[];
  /** The traffic of every candidate; a load that is a ladder stands at its first rung here. */
  readonly traffic: PredictConfig['traffic'];
  /** The predict document without the domains' fields, as validated input (not resolved): food for `candidateConfig`. */
  readonly base: Readonly<Record<string, unknown>>;
  /** Paths differ; the order is fixed: shared ones first, then by role. */
  readonly domains: readonly Domain[];
  readonly goal: {
    readonly kind: GoalKind;
    /** At least one; the first is what the pick optimises. */
    readonly objectives: readonly ObjectiveSpec[];
    readonly slo: SloSpec | null;
  };
  readonly constraints: {
    readonly min_candidate_gpus: number;
    readonly max_candidate_gpus: number;
    readonly max_usd_per_hour: number | null;
    readonly rules: readonly ConstraintRule[];
  };
  readonly optimizer: {
    readonly algorithm: Algorithm;
    readonly seed: number;
    /** Simulated forward passes after which the search stops; null = no limit. */
    readonly max_passes: number | null;
  };
}

/** Domains that apply in a mode, `engine.mode` itself left out. */
export function domainsOfMode(config: RecommendConfig, mode: PredictConfig['engine']['mode']): readonly Domain[] {
  const roles: readonly (Role | null)[] = mode === 'aggregated' ? [null, 'aggregated'] : [null, 'prefill', 'decode'];
  return config.domains.filter((domain) => domain.path !== 'engine.mode' && roles.includes(domain.role));
}

/** Whether candidates have a planner, so that what they cost is known only after the run. */
export function hasPlanner({ base, domains }: RecommendConfig): boolean {
  return base.planner !== undefined || domains.some(({ path }) => path.startsWith('planner.'));
}
