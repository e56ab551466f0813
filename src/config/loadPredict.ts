import type { z } from 'zod';
import { InputError } from '../base/inputError.ts';
import type { Facts } from './facts.ts';
import { withLoadType } from './impliedLoad.ts';
import { InputDocument, type Override } from './inputDocument.ts';
import type { PredictConfig } from './predictConfig.ts';
import { predictSchema } from './predictSchema.ts';
import { Problems } from './problems.ts';
import type { RecommendConfig } from './recommendConfig.ts';
import { recommendSchema } from './recommendSchema.ts';
import { resolvePredict } from './resolvePredict.ts';
import { resolveRecommend } from './resolveRecommend.ts';
import { schemaKeys } from './schemaKeys.ts';
import { zodIssues } from './zodIssues.ts';

/**
 * A predict configuration from its YAML, with every default filled in.
 * @param text the YAML; null when everything comes from flags.
 * @param file its name, for messages.
 * @param overrides laid over the file in order, before anything is checked.
 * @param facts where models and GPUs are looked up.
 * @throws InputError listing everything that is wrong, each with its place.
 */
export function parsePredict(
  text: string | null,
  file: string,
  overrides: readonly Override[],
  facts: Facts,
): PredictConfig {
  const document = new InputDocument(text, file, overrides);
  const input = validate(predictSchema, document);
  const problems = new Problems(document);
  const config = resolvePredict(input, facts, problems);
  problems.throwIfAny();
  return config;
}

/**
 * A recommend configuration from its YAML: goal, constraints, and the domains of everything that varies.
 * Parameters and errors as `parsePredict`. Shapes that are illegal for the model are not errors here, since others
 * may be legal: `candidateConfig` refuses them one by one.
 */
export function parseRecommend(
  text: string | null,
  file: string,
  overrides: readonly Override[],
  facts: Facts,
): RecommendConfig {
  const document = new InputDocument(text, file, overrides);
  const input = validate(recommendSchema, document);
  const problems = new Problems(document);
  const config = resolveRecommend(input, facts, problems);
  problems.throwIfAny();
  return config;
}

/** The document as the schema sees it. @throws InputError for whatever the schema forbids, and for an empty file. */
function validate<T>(schema: z.ZodType<T>, document: InputDocument): T {
  if (document.value === null) throw new InputError(document.issue([], 'is empty'));
  const result = schema.safeParse(withLoadType(document.value));
  if (result.success) return result.data;
  throw new InputError(zodIssues(result.error, document, (path) => schemaKeys(schema, path, document)));
}
