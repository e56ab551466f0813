import { z } from 'zod';
import { TYPE_BY_FIELD } from './impliedLoad.ts';
import { predictSchema } from './predictSchema.ts';
import { recommendSchema } from './recommendSchema.ts';

export const CONFIG_KINDS = ['predict', 'recommend'] as const;
export type ConfigKind = (typeof CONFIG_KINDS)[number];

/** JSON Schema (2020-12) of the YAML of a command, for editors; units and the engines' flags stand under `x-` keys. */
export function configJsonSchema(kind: ConfigKind): Record<string, unknown> {
  const schema = z.toJSONSchema(kind === 'predict' ? predictSchema : recommendSchema, { io: 'input' });
  for (const load of loadsOf(schema)) {
    const type = String(load.properties.type.const);
    // What implies its type need not state it.
    if (Object.values(TYPE_BY_FIELD).includes(type)) load.required = load.required.filter((key) => key !== 'type');
  }
  return schema as Record<string, unknown>;
}

interface LoadVariant {
  readonly properties: { readonly type: { readonly const: unknown } };
  required: string[];
}

function loadsOf(schema: unknown): LoadVariant[] {
  const root = schema as { properties: { traffic: { properties: { load: { oneOf: LoadVariant[] } } } } };
  return root.properties.traffic.properties.load.oneOf;
}
