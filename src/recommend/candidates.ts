import { InputError } from '../base/inputError.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import type { WeightDtype } from '../catalog/model.ts';
import { candidateConfig } from '../config/candidateConfig.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { type Assignment, type Domain, domainsOfMode, type RecommendConfig } from '../config/recommendConfig.ts';
import { enumeratePoints } from '../search/space.ts';
import { brokenKnobRule } from './constraints.ts';
import { gpusOf, usdPerHourOf } from './deployment.ts';
import { countRefusals, type Refusal, type RefusalCounts } from './refusal.ts';
import { type RoleOption, type RoleOptions, roleOptions } from './roleOptions.ts';

export interface CandidateSpace {
  /** What is left to simulate, in order of enumeration. */
  readonly configs: readonly PredictConfig[];
  readonly enumerated: number;
  readonly refusals: readonly RefusalCounts[];
}

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
  const space = new Space(config, facts, memoryRefusal);
  const modes = config.domains.find(({ path }) => path === 'engine.mode')!.values as PredictConfig['engine']['mode'][];
  for (const mode of modes) space.addMode(mode);
  return { configs: space.configs, enumerated: space.enumerated, refusals: countRefusals(space.refusals) };
}

const DISAGGREGATED_ROUTERS = ['least_loaded', 'prefix_aware'];
const DISAGGREGATED_BATCHED_TOKENS = 8192;

class Space {
  readonly configs: PredictConfig[] = [];
  readonly refusals: Refusal[] = [];
  enumerated = 0;
  readonly #config: RecommendConfig;
  readonly #facts: Facts;
  readonly #memoryRefusal: (config: PredictConfig) => string | null;

  constructor(config: RecommendConfig, facts: Facts, memoryRefusal: (config: PredictConfig) => string | null) {
    this.#config = config;
    this.#facts = facts;
    this.#memoryRefusal = memoryRefusal;
  }

  addMode(mode: PredictConfig['engine']['mode']): void {
    const domains = domainsOfMode(this.#config, mode).map((domain) => thinned(domain, mode));
    const shared = domains.filter(({ role }) => role === null);
    const roles = mode === 'aggregated' ? ['aggregated'] : ['prefill', 'decode'];
    const known = new Map<string, RoleOptions[]>();
    for (const values of enumeratePoints(shared.map(({ path, values }) => ({ name: path, values })))) {
      const assignment: Assignment = {
        'engine.mode': mode,
        ...Object.fromEntries(shared.map(({ path }, k) => [path, values[k]])),
      };
      const key = `${assignment['engine.hardware']} ${assignment['engine.quantization']}`;
      if (!known.has(key)) {
        known.set(
          key,
          roles.map((role) => this.#optionsOf(role, domains, assignment)),
        );
      }
      const defaultRouter = shared.some(({ path, origin }) => path === 'router.policy' && origin === 'default');
      const firstRouter = shared.find(({ path }) => path === 'router.policy')?.values[0];
      this.#combine(assignment, known.get(key)!, {
        // One replica leaves nothing to route: a single policy stands for all of them.
        skipSingle: defaultRouter && assignment['router.policy'] !== firstRouter,
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
        backend: engine.backend ?? 'vllm',
        quantization: quantization === 'checkpoint' ? model.checkpointDtype : (quantization as WeightDtype),
        hardware: assignment['engine.hardware'] as string | undefined,
        facts: this.#facts,
      },
    );
  }

  #combine(
    shared: Assignment,
    roles: readonly RoleOptions[],
    rules: { skipSingle: boolean; sameFamily: boolean },
  ): void {
    // An illegal side is refused once for each point of the other side, whatever that is.
    const [first, second] = roles;
    const others = second === undefined ? 1 : second.legal.length + second.refused.length;
    for (const refusal of first.refused) this.#refuse(refusal, others);
    if (second === undefined) {
      for (const option of first.legal) {
        const single = Object.entries(option.assignment).some(([path, n]) => path.endsWith('.replicas') && n === 1);
        if (!(rules.skipSingle && single)) this.#add(shared, [option]);
      }
      return;
    }
    for (const refusal of second.refused) this.#refuse(refusal, first.legal.length);
    for (const a of first.legal) {
      for (const b of second.legal) {
        if (rules.sameFamily && a.family !== b.family) continue;
        this.#add(shared, [a, b]);
      }
    }
  }

  #refuse(refusal: Refusal, times: number): void {
    this.enumerated += times;
    for (let n = 0; n < times; n++) this.refusals.push(refusal);
  }

  #add(shared: Assignment, options: readonly RoleOption[]): void {
    this.enumerated += 1;
    const outcome = this.#judge(shared, options);
    if ('kind' in outcome) this.refusals.push(outcome);
    else this.configs.push(outcome);
  }

  #judge(shared: Assignment, options: readonly RoleOption[]): PredictConfig | Refusal {
    // The sizes are known before the configuration is resolved, which takes far longer.
    if (options.every(({ gpus }) => gpus !== null)) {
      const refusal = this.#sizeRefusal(options.reduce((total, { gpus }) => total + gpus!, 0));
      if (refusal !== null) return refusal;
    }
    let config: PredictConfig;
    try {
      config = candidateConfig(
        this.#config,
        Object.assign({}, shared, ...options.map(({ assignment }) => assignment)),
        this.#facts,
      );
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const { path, message } = error.issues[0];
      return { kind: 'illegal', reason: `${path ?? ''} ${message.replace(/, got .*$/, '')}`.trim() };
    }
    return this.#boundRefusal(config) ?? this.#fitRefusal(config) ?? config;
  }

  #sizeRefusal(gpus: number): Refusal | null {
    const { min_candidate_gpus: fewest, max_candidate_gpus: most } = this.#config.constraints;
    if (gpus > most) return { kind: 'bounded_out', reason: `needs more than ${most} ${most === 1 ? 'GPU' : 'GPUs'}` };
    if (gpus < fewest) return { kind: 'bounded_out', reason: `uses fewer than ${fewest} GPUs` };
    return null;
  }

  #boundRefusal(config: PredictConfig): Refusal | null {
    const size = this.#sizeRefusal(gpusOf(config));
    if (size !== null) return size;
    const { max_usd_per_hour: mostUsd, rules } = this.#config.constraints;
    if (mostUsd !== null && usdPerHourOf(config, this.#facts) > mostUsd) {
      return { kind: 'bounded_out', reason: `costs more than ${mostUsd} USD an hour` };
    }
    const rule = brokenKnobRule(config, rules);
    return rule === null ? null : { kind: 'bounded_out', reason: `breaks ${rule}` };
  }

  #fitRefusal(config: PredictConfig): Refusal | null {
    const reason = this.#memoryRefusal(config);
    return reason === null ? null : { kind: 'no_memory', reason };
  }
}

function thinned(domain: Domain, mode: PredictConfig['engine']['mode']): Domain {
  if (mode === 'aggregated' || domain.origin === 'user') return domain;
  if (domain.path === 'router.policy') {
    return { ...domain, values: domain.values.filter((value) => DISAGGREGATED_ROUTERS.includes(String(value))) };
  }
  if (domain.path.endsWith('.max_batched_tokens')) return { ...domain, values: [DISAGGREGATED_BATCHED_TOKENS] };
  return domain;
}
