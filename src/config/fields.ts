/** Knob declarations as zod types, for a file of fixed values and for one in which a field may be a domain. */
import { z } from 'zod';
import type { Knob } from './knob.ts';
import { type KnobPath, knobAt } from './knobs.ts';

/** How the schema turns a knob into a type. */
export interface Fields {
  number(path: KnobPath): z.ZodType<number>;
  boolean(path: KnobPath): z.ZodType<boolean>;
  text(path: KnobPath): z.ZodType<string>;
  choice<T extends string>(path: KnobPath, choices: readonly T[]): z.ZodType<T>;
}

/** Every field holds one value. */
export const plainFields: Fields = {
  number: (path) => described(numberType(knobAt(path)), path),
  boolean: (path) => described(z.boolean(), path),
  text: (path) => described(z.string().min(1), path),
  choice: (path, choices) => described(z.enum(choices), path) as never,
};

/** Tunable knobs may also be `{choices: [...]}` or, numbers, `{range: {min, max, step, scale}}`, perhaps with `when`. */
export const domainFields: Fields = {
  number: (path) => withDomain(path, plainFields.number(path), true),
  boolean: (path) => withDomain(path, plainFields.boolean(path), false),
  text: (path) => withDomain(path, plainFields.text(path), false),
  choice: (path, choices) => withDomain(path, plainFields.choice(path, choices), false),
};

const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** Knobs by path, and the values (one or a list) that are meant. */
export const conditions = z.record(z.string(), z.union([scalar, z.array(scalar).min(1)]));

function numberType(knob: Knob): z.ZodType<number> {
  const { domain } = knob;
  if (domain.kind !== 'integer' && domain.kind !== 'number') throw new Error(`${knob.path} is not a number`);
  let type: z.ZodNumber = domain.kind === 'integer' ? z.int() : z.number();
  if (domain.min !== undefined) type = type.min(domain.min);
  if (domain.above !== undefined) type = type.gt(domain.above);
  if (domain.max !== undefined) type = type.max(domain.max);
  return type;
}

function described<T extends z.ZodType>(type: T, path: KnobPath): T {
  const knob = knobAt(path);
  const unit = knob.unit === undefined ? {} : { 'x-unit': knob.unit };
  const initial = knob.default === undefined ? {} : { default: knob.default };
  return type.meta({ description: knob.about, ...initial, ...unit, ...flagsOf(knob) });
}

/** How each engine that has the knob is told, null where by no flag of its own. */
function flagsOf({ engines }: Knob): { 'x-flags'?: Record<string, string | null> } {
  if (engines === undefined) return {};
  const told = Object.entries(engines).map(([backend, { flag, off, yaml }]) => [backend, flag ?? yaml ?? off ?? null]);
  return { 'x-flags': Object.fromEntries(told) };
}

/** The type still says T: domains are taken out of the document before anybody reads it as values. */
function withDomain<T>(path: KnobPath, plain: z.ZodType<T>, numeric: boolean): z.ZodType<T> {
  if (knobAt(path).tunable !== true) return plain;
  const when = conditions.optional().meta({ description: 'It varies where these knobs have these values only.' });
  const choices = z.strictObject({ choices: z.array(plain).min(1), when });
  const range = z.strictObject({
    when,
    range: z.strictObject({
      min: plain,
      max: plain,
      step: z.number().gt(0).optional().meta({
        description: 'Linear: distance between values, by default 1. Log: ratio between values, by default 2.',
      }),
      scale: z.enum(['linear', 'log']).optional().meta({ default: 'linear' }),
    }),
  });
  return z.union(numeric ? [plain, choices, range] : [plain, choices]) as unknown as z.ZodType<T>;
}
