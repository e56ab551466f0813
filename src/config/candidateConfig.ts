import { InputError } from '../base/inputError.ts';
import { poolsOf } from './buildScenario.ts';
import type { Facts } from './facts.ts';
import { stepsOf, withValue } from './paths.ts';
import type { PredictConfig } from './predictConfig.ts';
import type { PredictInput } from './predictSchema.ts';
import { Problems } from './problems.ts';
import type { Assignment, RecommendConfig } from './recommendConfig.ts';
import { ROLES_OF_MODE, resolvePredict } from './resolvePredict.ts';
import { unsimulatedIssues } from './unsimulated.ts';

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
  const resolved = resolvePredict(input as PredictInput, facts, problems);
  problems.throwIfAny();
  const issues = unsimulatedIssues(resolved.engine.backend, poolsOf(resolved));
  if (issues.length > 0) throw new InputError(issues);
  return resolved;
}
