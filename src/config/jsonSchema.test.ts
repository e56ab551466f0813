import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from './jsonSchema.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly minLength?: number;
}

/** The keywords a judge below understands, and annotations. Any other would be passed over silently. */
const KNOWN = new Set(
  (
    'type properties required additionalProperties items anyOf oneOf enum const minimum exclusiveMinimum maximum ' +
    'exclusiveMaximum minItems minLength propertyNames $schema title description default x-unit x-flags'
  ).split(' '),
);

/** JSON Schema 2020-12 for the keywords in use, written from the standard. */
function accepts(schema: Schema, value: unknown): boolean {
  for (const keyword of Object.keys(schema)) if (!KNOWN.has(keyword)) throw new Error(`unknown keyword ${keyword}`);
  if (schema.anyOf !== undefined && !schema.anyOf.some((each) => accepts(each, value))) return false;
  if (schema.oneOf !== undefined && schema.oneOf.filter((each) => accepts(each, value)).length !== 1) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (schema.const !== undefined && schema.const !== value) return false;
  if (schema.type !== undefined && !isOfType(schema.type, value)) return false;
  if (typeof value === 'number') return inBounds(schema, value);
  if (typeof value === 'string') return value.length >= (schema.minLength ?? 0);
  if (Array.isArray(value)) {
    return value.length >= (schema.minItems ?? 0) && value.every((each) => accepts(schema.items ?? {}, each));
  }
  return typeof value !== 'object' || value === null || acceptsKeys(schema, value as Record<string, unknown>);
}

function acceptsKeys(schema: Schema, value: Record<string, unknown>): boolean {
  if (!(schema.required ?? []).every((key) => Object.hasOwn(value, key))) return false;
  return Object.entries(value).every(([key, child]) => {
    const rest = schema.additionalProperties ?? true;
    const own = schema.properties?.[key] ?? (typeof rest === 'boolean' ? undefined : rest);
    return own === undefined ? rest !== false : accepts(own, child);
  });
}

function inBounds(schema: Schema, value: number): boolean {
  return (
    value >= (schema.minimum ?? -Infinity) &&
    value > (schema.exclusiveMinimum ?? -Infinity) &&
    value <= (schema.maximum ?? Infinity) &&
    value < (schema.exclusiveMaximum ?? Infinity)
  );
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.yaml') && !file.includes('facts'));

test.each(files)('%s is accepted, and refused with a misspelt key or a negative number', (file) => {
  const text = readFileSync(join(EXAMPLES, file), 'utf8').replace(/#.*/g, '');
  const schema = configJsonSchema(file.startsWith('recommend') ? 'recommend' : 'predict') as Schema;
  expect(accepts(schema, parse(text))).toBe(true);
  for (const [right, wrong] of [
    ['hardware:', 'hardwares:'],
    ['type: ', 'tipe: '],
    [/: ([1-9])/, ': -$1'],
  ] as const) {
    expect(text).toMatch(right);
    expect(accepts(schema, parse(text.replace(right, wrong)))).toBe(false);
  }
});

test('domains are accepted where a field is tunable, in recommend files only', () => {
  const domain = (key: string, values: unknown) => ({
    traffic: { source: { type: 'preset', name: 'chat' }, load: { type: 'concurrency', concurrency: 1 } },
    engine: { model: 'm', hardware: 'h', [key]: values },
  });
  const [predict, recommend] = [configJsonSchema('predict'), configJsonSchema('recommend')] as Schema[];
  expect(accepts(recommend, domain('quantization', { choices: ['fp8', 'bf16'] }))).toBe(true);
  expect(accepts(recommend, domain('quantization', { choices: ['fp7'] }))).toBe(false);
  expect(accepts(predict, domain('quantization', { choices: ['fp8', 'bf16'] }))).toBe(false);
  expect(accepts(recommend, domain('model', { choices: ['m'] }))).toBe(false);
});
