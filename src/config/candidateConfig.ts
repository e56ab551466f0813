import type { Facts } from './facts.ts';
import type { Knob } from './knob.ts';
import { KNOBS } from './knobs.ts';
import { stepsOf, valueAt, withoutValue, withValue } from './paths.ts';
import type { PredictConfig } from './predictConfig.ts';
import type { PredictInput } from './predictSchema.ts';
import { Problems } from './problems.ts';
import type { Assignment, RecommendConfig } from './recommendConfig.ts';
import { policiesReading } from './resolvePlanner.ts';
import { ROLES_OF_MODE, resolvePredict } from './resolvePredict.ts';

/**
 * The deployment (and load) that an assignment describes, resolved exactly as a predict file with these values would be.
 * @param assignment holds `engine.mode` and one value for each domain that applies in it; other paths may be set too.
 * @throws InputError saying why the combination is illegal.
 */
export function candidateConfig(config: RecommendConfig, assignment: Assignment, facts: Facts): PredictConfig {
  const mode = assignment['engine.mode'] as PredictConfig['engine']['mode'];
  const given = (config.base as unknown as PredictInput).engine.workers;
  const workers = Object.fromEntries(ROLES_OF_MODE[mode].map((role) => [role, given?.[role] ?? {}]));
  let input: unknown = { ...config.base, engine: { ...(config.base.engine as object), workers } };
  for (const [path, value] of Object.entries(assignment)) {
    input = withValue(input, stepsOf(path, input), value, path);
  }
  const problems = new Problems(null);
  input = withoutUnread(input, config);
  const resolved = resolvePredict(input as PredictInput, facts, problems);
  problems.throwIfAny();
  return resolved;
}

/**
 * Fields that the user fixed are for those candidates that read them: a weight of the KV router does not forbid round
 * robin. Where the knob that decides does not vary, the field stays, and is refused as in a predict file.
 */
function withoutUnread(input: unknown, { domains }: RecommendConfig): unknown {
  const varies = (path: string): boolean => domains.some((each) => each.path === path && each.values.length > 1);
  let pruned = input;
  for (const { path, when = {} } of KNOBS as readonly Knob[]) {
    const unread = Object.entries(when).some(
      ([knob, values]) => varies(knob) && !values.includes(String(valueAt(input, knob))),
    );
    if (unread && valueAt(input, path) !== undefined) pruned = withoutValue(pruned, path.split('.'));
  }
  return varies('planner.policy') ? withoutUnreadLists(pruned) : pruned;
}

/** The same of the planner's lists, such as an HPA's targets, whose knobs are those of an element. */
function withoutUnreadLists(input: unknown): unknown {
  const planner = valueAt(input, 'planner') as Readonly<Record<string, unknown>>;
  const policy = String(planner.policy);
  const unread = Object.keys(planner).filter((field) => policiesReading(field)?.includes(policy) === false);
  return unread.reduce((pruned, field) => withoutValue(pruned, ['planner', field]), input);
}
