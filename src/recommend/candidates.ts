import { InputError } from '../base/inputError.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import type { WeightDtype } from '../catalog/model.ts';
import { candidateConfig } from '../config/candidateConfig.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import {
  type Assignment,
  type Domain,
  domainsOfMode,
  hasPlanner,
  type RecommendConfig,
} from '../config/recommendConfig.ts';
import { enumeratePoints } from '../search/space.ts';
import { Applicable } from './applicable.ts';
import { type CandidateGroup, CandidateSpace } from './candidateSpace.ts';
import { brokenKnobRule } from './constraints.ts';
import { gpusOf, usdPerHourOf } from './deployment.ts';
import { type Refusal, RefusalTally } from './refusal.ts';
import { type RoleOption, type RoleOptions, roleOptions } from './roleOptions.ts';

/**
 * Every candidate of a goal: the product of its domains, with what can be refused without simulation counted by reason.
 * Default domains of disaggregated deployments, whose sizes multiply, are thinned: routing by load or by prefix, one
 * scheduler budget, and for MoE models the same family of shapes on both sides. What the user wrote is tried in full.
 * @param memoryRefusal why a resolved candidate does not fit its GPUs; null when it does.
 */
export function enumerateCandidates(
  config: RecommendConfig,
  facts: Facts,
  memoryRefusal: (config: PredictConfig) => string | null,
): CandidateSpace {
  const space = new Enumeration(config, facts, memoryRefusal);
  const modes = config.domains.find(({ path }) => path === 'engine.mode')!.values as PredictConfig['engine']['mode'][];
  for (const mode of modes) space.addMode(mode);
  return new CandidateSpace(config, facts, {
    groups: space.groups,
    enumerated: space.enumerated,
    refusals: space.refusals.counts(),
  });
}

const DISAGGREGATED_ROUTERS = ['least_loaded', 'prefix_aware'];
const DISAGGREGATED_BATCHED_TOKENS = 8192;

type RoleName = 'aggregated' | 'prefill' | 'decode';

/** A role option within a group, resolved once: what is wrong with it alone, and what it adds to any partner. */
interface Side {
  readonly refusal: Refusal | null;
  /** With a partner that says nothing about it; null where there is no legal one. */
  readonly config: PredictConfig | null;
  readonly gpus: number;
  readonly usdPerHour: number;
}

function refusedSide(refusal: Refusal): Side {
  return { refusal, config: null, gpus: 0, usdPerHour: 0 };
}

class Enumeration {
  readonly groups: CandidateGroup[] = [];
  readonly refusals = new RefusalTally();
  enumerated = 0;
  readonly #config: RecommendConfig;
  readonly #applicable: Applicable;
  readonly #scales: boolean;
  readonly #facts: Facts;
  readonly #memoryRefusal: (config: PredictConfig) => string | null;

  constructor(config: RecommendConfig, facts: Facts, memoryRefusal: (config: PredictConfig) => string | null) {
    this.#config = config;
    this.#applicable = new Applicable(config);
    this.#scales = hasPlanner(config);
    this.#facts = facts;
    this.#memoryRefusal = memoryRefusal;
  }

  addMode(mode: PredictConfig['engine']['mode']): void {
    const domains = domainsOfMode(this.#config, mode).map((domain) => thinned(domain, mode));
    const shared = domains.filter(({ role }) => role === null);
    const roles: readonly RoleName[] = mode === 'aggregated' ? ['aggregated'] : ['prefill', 'decode'];
    const own = domains.filter(({ role }) => role !== null);
    const known = new Map<string, RoleOptions[]>();
    for (const values of enumeratePoints(shared.map(({ path, values }) => ({ name: path, values })))) {
      const point = this.#applicable.point(shared, values, { 'engine.mode': mode });
      if (point === null) continue;
      const assignment: Assignment = { 'engine.mode': mode, ...point };
      const decisive = ['hardware', 'quantization', 'backend'].map((field) => assignment[`engine.${field}`]);
      const key = [...decisive, this.#applicable.decidedBy(own, assignment)].join(' ');
      if (!known.has(key)) {
        known.set(
          key,
          roles.map((role) => this.#optionsOf(role, domains, assignment)),
        );
      }
      const defaultRouter = shared.some(({ path, origin }) => path === 'router.policy' && origin === 'default');
      const firstRouter = shared.find(({ path }) => path === 'router.policy')?.values[0];
      this.#combine(roles, assignment, known.get(key)!, {
        // One replica leaves nothing to route: a single policy stands for all of them.
        skipSingle: !this.#scales && defaultRouter && assignment['router.policy'] !== firstRouter,
        sameFamily: domains.every(({ path, origin }) => !path.endsWith('attention_data') || origin === 'default'),
      });
    }
  }

  #optionsOf(role: string, domains: readonly Domain[], assignment: Assignment): RoleOptions {
    const model = this.#facts.model(this.#config.model);
    const engine = this.#config.base.engine as { readonly quantization?: string; readonly backend?: Backend };
    const quantization = String(assignment['engine.quantization'] ?? engine.quantization ?? 'checkpoint');
    return roleOptions(
      role,
      domains.filter((domain) => domain.role === role),
      {
        model,
        backend: (assignment['engine.backend'] ?? engine.backend ?? 'vllm') as Backend,
        quantization: quantization === 'checkpoint' ? model.checkpointDtype : (quantization as WeightDtype),
        hardware: assignment['engine.hardware'] as string | undefined,
        facts: this.#facts,
        applicable: this.#applicable,
        shared: assignment,
      },
    );
  }

  #combine(
    names: readonly RoleName[],
    shared: Assignment,
    roles: readonly RoleOptions[],
    rules: { skipSingle: boolean; sameFamily: boolean },
  ): void {
    // An illegal side is refused once for each point of the other side, whatever that is.
    const [first, second] = roles;
    const others = second === undefined ? 1 : second.legal.length + second.refused.length;
    for (const refusal of first.refused) this.#refuse(refusal, others);
    if (second !== undefined) for (const refusal of second.refused) this.#refuse(refusal, first.legal.length);
    const sides = roles.map(({ legal }, role) => {
      const partners = roles[1 - role]?.legal ?? [];
      return legal.map((option) => this.#sideOf(names[role], shared, option, partners));
    });
    const members: number[] = [];
    const width = second?.legal.length ?? 1;
    first.legal.forEach((a, i) => {
      if (second === undefined) {
        const single = Object.entries(a.assignment).some(([path, n]) => path.endsWith('.replicas') && n === 1);
        if (!(rules.skipSingle && single) && this.#accepts([sides[0][i]], null)) members.push(i);
        return;
      }
      second.legal.forEach((b, j) => {
        if (rules.sameFamily && a.family !== b.family) return;
        const pair = this.#scales ? { ...shared, ...a.assignment, ...b.assignment } : null;
        if (this.#accepts([sides[0][i], sides[1][j]], pair)) members.push(i * width + j);
      });
    });
    this.groups.push({ shared, roles: roles.map(({ legal }) => legal), members: Uint32Array.from(members) });
  }

  #refuse(refusal: Refusal, times: number): void {
    this.enumerated += times;
    this.refusals.add(refusal, times);
  }

  /** Resolves an option beside some partner; what a partner does wrong is not held against it. */
  #sideOf(role: RoleName, shared: Assignment, option: RoleOption, partners: readonly RoleOption[]): Side {
    const size = option.gpus === null ? null : this.#tooLarge(option.gpus);
    if (size !== null) return refusedSide(size);
    let failed = refusedSide({ kind: 'illegal', reason: 'has no partner that is legal' });
    for (const partner of partners.length === 0 ? [null] : partners) {
      try {
        const assignment = { ...shared, ...option.assignment, ...partner?.assignment };
        const config = candidateConfig(this.#config, assignment, this.#facts);
        const alone = { ...config, engine: { ...config.engine, workers: { [role]: config.engine.workers[role] } } };
        const memory = this.#memoryRefusal(alone);
        return {
          refusal: memory === null ? null : { kind: 'no_memory', reason: memory },
          config: alone,
          gpus: gpusOf(alone),
          usdPerHour: usdPerHourOf(alone, this.#facts),
        };
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const { path = '' } = error.issues[0];
        failed = refusedSide(illegal(error));
        const ofPartner =
          path.startsWith('planner') ||
          (path.startsWith('engine.workers.') && !path.startsWith(`engine.workers.${role}`));
        if (!ofPartner) return failed;
      }
    }
    return failed;
  }

  /**
   * Counts one point of the product, and its refusal where there is one.
   * @param pair of both sides where a planner's settings, which are about both together, may be wrong.
   */
  #accepts(sides: readonly Side[], pair: Assignment | null): boolean {
    this.enumerated += 1;
    const refusal = this.#refusalOf(sides) ?? (pair === null ? null : this.#pairRefusal(pair));
    if (refusal !== null) this.refusals.add(refusal, 1);
    return refusal === null;
  }

  #pairRefusal(pair: Assignment): Refusal | null {
    try {
      candidateConfig(this.#config, pair, this.#facts);
      return null;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return illegal(error);
    }
  }

  #refusalOf(sides: readonly Side[]): Refusal | null {
    const { max_usd_per_hour: mostUsd, rules, min_candidate_gpus: fewest } = this.#config.constraints;
    const bounded = sides.find(({ refusal }) => refusal?.kind === 'bounded_out' || refusal?.kind === 'illegal');
    if (bounded !== undefined) return bounded.refusal;
    const gpus = Math.max(
      sides.reduce((sum, side) => sum + side.gpus, 0),
      sides[0].config?.planner?.max_gpus ?? 0,
    );
    const size = this.#tooLarge(gpus);
    if (size !== null) return size;
    if (gpus < fewest) return { kind: 'bounded_out', reason: `uses fewer than ${fewest} GPUs` };
    if (mostUsd !== null && !this.#scales && sides.reduce((sum, side) => sum + side.usdPerHour, 0) > mostUsd) {
      return { kind: 'bounded_out', reason: `costs more than ${mostUsd} USD an hour` };
    }
    if (rules.length > 0) {
      const broken = brokenKnobRule(together(sides.map(({ config }) => config!)), rules);
      if (broken !== null) return { kind: 'bounded_out', reason: `breaks ${broken}` };
    }
    return sides.find(({ refusal }) => refusal !== null)?.refusal ?? null;
  }

  #tooLarge(gpus: number): Refusal | null {
    const { max_candidate_gpus: most } = this.#config.constraints;
    if (gpus <= most) return null;
    return { kind: 'bounded_out', reason: `needs more than ${most} ${most === 1 ? 'GPU' : 'GPUs'}` };
  }
}

function illegal({ issues: [{ path = '', message }] }: InputError): Refusal {
  return { kind: 'illegal', reason: `${path} ${message.replace(/, got .*$/, '')}`.trim() };
}

/** One candidate of its sides, for rules on knobs: whatever is not a worker's is the same on both. */
function together(sides: readonly PredictConfig[]): PredictConfig {
  const [{ engine, ...rest }] = sides;
  const workers = Object.assign({}, ...sides.map((side) => side.engine.workers));
  return { ...rest, engine: { ...engine, workers } };
}

function thinned(domain: Domain, mode: PredictConfig['engine']['mode']): Domain {
  if (mode === 'aggregated' || domain.origin === 'user') return domain;
  if (domain.path === 'router.policy') {
    return { ...domain, values: domain.values.filter((value) => DISAGGREGATED_ROUTERS.includes(String(value))) };
  }
  if (domain.path.endsWith('.max_batched_tokens')) return { ...domain, values: [DISAGGREGATED_BATCHED_TOKENS] };
  return domain;
}
