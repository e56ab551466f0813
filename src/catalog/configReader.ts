import { InputError } from '../base/inputError.ts';

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Typed access to one object of a Hugging Face config; a null field counts as absent, since publishers write both. */
export class ConfigReader {
  private readonly fields: Record<string, unknown>;
  private readonly file: string;
  private readonly prefix: string;

  constructor(fields: Record<string, unknown>, file: string, prefix = '') {
    this.fields = fields;
    this.file = file;
    this.prefix = prefix;
  }

  get(key: string): unknown {
    return this.fields[key] ?? undefined;
  }

  /** The nested object under `key`, or undefined when it is absent or no object. */
  child(key: string): ConfigReader | undefined {
    const value = this.get(key);
    return isRecord(value) ? new ConfigReader(value, this.file, `${this.prefix}${key}.`) : undefined;
  }

  /** First present of the spellings a fact goes by. */
  firstKey(...keys: string[]): string | undefined {
    return keys.find((key) => this.get(key) !== undefined);
  }

  /** A whole number from 1. @throws InputError when none of the spellings is there or the value is something else. */
  count(...keys: string[]): number {
    const found = this.optionalCount(...keys);
    if (found === undefined) {
      const others = keys.slice(1).join(', ');
      throw this.error(keys[0], 'is missing', others === '' ? undefined : `also read from ${others}`);
    }
    if (found === 0) throw this.error(keys.find((key) => this.get(key) === 0)!, 'must be at least 1, got 0');
    return found;
  }

  /** A whole number from 0, or undefined when none of the spellings is there. */
  optionalCount(...keys: string[]): number | undefined {
    const key = this.firstKey(...keys);
    if (key === undefined) return undefined;
    const value = this.get(key);
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw this.error(key, `must be a whole number, got ${JSON.stringify(value)}`);
    }
    return value as number;
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    return typeof value === 'string' ? value : undefined;
  }

  texts(key: string): string[] {
    const value = this.get(key);
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
  }

  error(key: string, message: string, hint?: string): InputError {
    return new InputError({
      file: this.file,
      path: `${this.prefix}${key}`,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
