import { InputError } from '../base/inputError.ts';
import { CONFIG_KINDS, type ConfigKind, configJsonSchema } from '../config/jsonSchema.ts';

export function schemaCommand(kind: string): void {
  if (!(CONFIG_KINDS as readonly string[]).includes(kind)) {
    throw new InputError({ path: 'schema', message: `must be ${CONFIG_KINDS.join(' or ')}, got "${kind}"` });
  }
  process.stdout.write(`${JSON.stringify(configJsonSchema(kind as ConfigKind), null, 2)}\n`);
}
