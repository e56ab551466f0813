import { z } from 'zod';
import type { InputDocument } from './inputDocument.ts';
import type { Path } from './paths.ts';

/** The keys a mapping at `path` may have, given what the document says around it (which pool, which `type`). */
export function schemaKeys(schema: z.ZodType, path: Path, document: InputDocument): readonly string[] {
  let level = alternatives(schema, document.get([]));
  for (const [depth, step] of path.entries()) {
    const value = document.get(path.slice(0, depth + 1));
    level = level.flatMap((each) => childrenOf(each, step)).flatMap((each) => alternatives(each, value));
  }
  return [...new Set(level.flatMap((each) => (each instanceof z.ZodObject ? Object.keys(each.shape) : [])))];
}

function childrenOf(schema: z.ZodType, step: string | number): z.ZodType[] {
  if (schema instanceof z.ZodObject) return Object.hasOwn(schema.shape, step) ? [schema.shape[step] as z.ZodType] : [];
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType];
  return schema instanceof z.ZodRecord ? [schema.valueType as z.ZodType] : [];
}

/** The schemas a value may be judged by, optional and null taken off, discriminated unions decided by the value's type. */
function alternatives(schema: z.ZodType, value: unknown): z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return alternatives(schema.unwrap() as z.ZodType, value);
  }
  if (!(schema instanceof z.ZodUnion)) return [schema];
  const options = schema.options.flatMap((option) => alternatives(option as z.ZodType, value));
  const type = (value as { type?: unknown } | null | undefined)?.type;
  const chosen = options.filter((option) => {
    const literal = option instanceof z.ZodObject ? (option.shape.type as unknown) : undefined;
    return literal instanceof z.ZodLiteral && literal.value === type;
  });
  return chosen.length > 0 ? chosen : options;
}
