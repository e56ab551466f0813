import { z } from 'zod';
import { predictSchema } from './predictSchema.ts';
import { recommendSchema } from './recommendSchema.ts';

export const CONFIG_KINDS = ['predict', 'recommend'] as const;
export type ConfigKind = (typeof CONFIG_KINDS)[number];

/** JSON Schema (2020-12) of the YAML of a command, for editors; units and vLLM's flags stand under `x-` keys. */
export function configJsonSchema(kind: ConfigKind): Record<string, unknown> {
  return z.toJSONSchema(kind === 'predict' ? predictSchema : recommendSchema, { io: 'input' }) as Record<
    string,
    unknown
  >;
}
