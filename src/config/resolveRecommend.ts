import type { Backend } from '../catalog/engineProfile.ts';
import type { ModelFacts } from '../catalog/model.ts';
import type { Role } from '../cluster/scenario.ts';
import { unavailable } from './availability.ts';
import {
  BATCHED_TOKENS,
  CONCURRENCY_LADDER,
  extractDomains,
  moeExpertDomain,
  ROUTERS,
  replicaLadder,
  tensorDomain,
} from './domains.ts';
import type { EngineAt } from './engineAt.ts';
import type { Facts } from './facts.ts';
import { MODES } from './knobs/engineKnobs.ts';
import { knobDefault } from './knobs.ts';
import { valueAt, withValue } from './paths.ts';
import type { PredictInput } from './predictSchema.ts';
import type { Problems } from './problems.ts';
import type { Algorithm, Domain, RecommendConfig, Scalar } from './recommendConfig.ts';
import type { RecommendInput } from './recommendSchema.ts';
import { resolveConstraints, resolveGoal } from './resolveGoal.ts';
import { engineAt, ROLES_OF_MODE, resolveSlo } from './resolvePredict.ts';
import { resolveTraffic } from './resolveTraffic.ts';

type Tree = Readonly<Record<string, unknown>>;

/** Fills in default domains and goal of a validated input; what does not fit together is added to `problems`. */
export function resolveRecommend(input: RecommendInput, facts: Facts, problems: Problems): RecommendConfig {
  const { optimization, optimizer, ...predict } = withDefaultLoad(input);
  const { base, domains: written } = extractDomains(predict, problems);
  const model = problems.attempt(['engine', 'model'], () => facts.model(input.engine.model));
  const engines = enginesOf(base as Tree, written, problems);
  refuseUnavailableDomains(written, engines, problems);
  const constraints = resolveConstraints(optimization?.constraints, problems);
  const { domains, base: rest } = completeDomains(
    base as Tree,
    written,
    model,
    constraints.max_candidate_gpus,
    engines.map(({ backend }) => backend),
  );
  const traffic = resolveTraffic(firstRung(rest, domains).traffic, problems);
  const slo = resolveSlo(input.evaluation?.slo);
  const seed = input.seed ?? knobDefault<number>('seed');
  return {
    seed,
    model: input.engine.model,
    hardware: hardwareChoices(rest, domains, facts, problems),
    traffic,
    base: rest,
    domains,
    goal: resolveGoal(optimization?.objectives, traffic, domains, slo, problems),
    constraints,
    optimizer: {
      algorithm: optimizer?.algorithm ?? knobDefault<Algorithm>('optimizer.algorithm'),
      seed: optimizer?.seed ?? seed,
      max_passes: optimizer?.max_passes ?? null,
    },
  };
}

/** The engines that candidates may have, each of the version given or its newest. */
function enginesOf(base: Tree, written: readonly Domain[], problems: Problems): EngineAt[] {
  const engine = base.engine as Pick<PredictInput['engine'], 'backend' | 'backend_version'>;
  const choices = written.find(({ path }) => path === 'engine.backend')?.values as readonly Backend[] | undefined;
  if (choices !== undefined && choices.length > 1 && engine.backend_version != null) {
    const hint = 'leave it out for the newest of each';
    problems.add(['engine', 'backend_version'], 'is the version of one engine, and engine.backend has several', hint);
  }
  const backends = choices ?? [engine.backend ?? knobDefault<Backend>('engine.backend')];
  return backends.map((backend) => engineAt({ ...engine, backend }, problems));
}

/** A knob that no engine in question has cannot vary. */
function refuseUnavailableDomains(written: readonly Domain[], engines: readonly EngineAt[], problems: Problems): void {
  for (const { path, values } of written) {
    const refusals = values.map((value) => engines.map((engine) => unavailable(path, value, engine)));
    const refused = refusals.find((each) => each.every((refusal) => refusal !== null));
    if (refused !== undefined) problems.add(path.split('.'), refused[0]!.message, refused[0]!.hint);
  }
}

/** Requests without arrivals of their own run at a ladder of concurrencies. */
function withDefaultLoad(input: RecommendInput): RecommendInput {
  if (input.traffic.load !== undefined || input.traffic.source.type === 'trace') return input;
  const load = { type: 'concurrency', concurrency: { choices: CONCURRENCY_LADDER } };
  return { ...input, traffic: { ...input.traffic, load: load as never } };
}

function firstRung(base: Tree, domains: readonly Domain[]): Pick<PredictInput, 'traffic'> {
  const rungs = domains.filter((domain) => domain.path.startsWith('traffic.'));
  return rungs.reduce<unknown>(
    (tree, { path, values }) => withValue(tree, path.split('.'), values[0], path),
    base,
  ) as Pick<PredictInput, 'traffic'>;
}

/** Adds the structural fields the user left out or fixed, in a fixed order, before whatever else the user varies. */
function completeDomains(
  base: Tree,
  written: readonly Domain[],
  model: ModelFacts | null,
  gpus: number,
  backends: readonly Backend[],
): { domains: Domain[]; base: Tree } {
  let rest = base;
  const domains: Domain[] = [];
  const structural = (path: string, role: Role | null, initial: readonly Scalar[] | null): readonly Scalar[] => {
    const given = written.find((domain) => domain.path === path);
    const fixed = valueAt(rest, path);
    const values = given?.values ?? (fixed === undefined ? initial : [fixed as Scalar]);
    if (values === null) return [];
    const origin = given !== undefined || fixed !== undefined ? 'user' : 'default';
    domains.push({ path, values, role, origin, when: given?.when ?? {} });
    return values;
  };
  const modes = structural('engine.mode', null, MODES) as readonly (typeof MODES)[number][];
  structural('engine.hardware', null, null);
  structural('router.policy', null, ROUTERS);
  for (const role of modes.flatMap((mode): readonly Role[] => ROLES_OF_MODE[mode])) {
    const at = `engine.workers.${role}`;
    if (Array.isArray(valueAt(rest, at))) continue;
    structural(`${at}.hardware`, role, null);
    structural(`${at}.parallelism.replicas`, role, replicaLadder(gpus, role));
    const tensor = structural(`${at}.parallelism.tensor`, role, model === null ? [1] : tensorDomain(model, backends));
    structural(`${at}.parallelism.pipeline`, role, null);
    if (model?.moe != null) {
      const ranks = structural(`${at}.parallelism.attention_data`, role, [1, 2, 4, 8]);
      structural(`${at}.parallelism.moe_expert`, role, moeExpertDomain(model, tensor, ranks));
    }
    if (role !== 'decode') structural(`${at}.scheduler.max_batched_tokens`, role, BATCHED_TOKENS);
  }
  rest = withoutUnusedRoles(rest, modes);
  const roles: readonly (Role | null)[] = [null, ...modes.flatMap((mode): readonly Role[] => ROLES_OF_MODE[mode])];
  const others = written.filter(
    (domain) => roles.includes(domain.role) && !domains.some((each) => each.path === domain.path),
  );
  const rank = (domain: Domain) => roles.indexOf(domain.role);
  return { domains: [...domains, ...others].sort((a, b) => rank(a) - rank(b)), base: rest };
}

function withoutUnusedRoles(base: Tree, modes: readonly (typeof MODES)[number][]): Tree {
  const engine = base.engine as { readonly workers?: Tree };
  const used: readonly string[] = modes.flatMap((mode): readonly string[] => ROLES_OF_MODE[mode]);
  const workers = Object.fromEntries(Object.entries(engine.workers ?? {}).filter(([role]) => used.includes(role)));
  return { ...base, engine: { ...engine, workers } };
}

/** Every GPU type in use; each is looked up where it is written. */
function hardwareChoices(base: Tree, domains: readonly Domain[], facts: Facts, problems: Problems): string[] {
  const found: string[] = [];
  const look = (path: string, values: readonly Scalar[], isChoice: boolean) => {
    for (const [index, value] of values.entries()) {
      const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
      problems.attempt(isChoice ? [...steps, 'choices', index] : steps, () => facts.hardware(String(value)));
      if (!found.includes(String(value))) found.push(String(value));
    }
  };
  for (const { path, values } of domains) {
    if (path.endsWith('.hardware')) look(path, values, valueAt(base, path) === undefined);
  }
  const workers = (base.engine as { workers?: Tree }).workers ?? {};
  for (const [role, pools] of Object.entries(workers)) {
    for (const [index, pool] of (Array.isArray(pools) ? (pools as { hardware?: string }[]) : []).entries()) {
      if (pool.hardware !== undefined) look(`engine.workers.${role}.${index}.hardware`, [pool.hardware], false);
    }
  }
  if (found.length === 0)
    problems.add(['engine', 'hardware'], 'required: a GPU, or {choices: [...]}', 'or the flag --gpu');
  return found;
}
