import type { ImportNotes } from './importNotes.ts';
import type { Argument } from './launchArguments.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON mapping a flag holds; null after a refusal that says where it cannot be read. */
export function jsonOf({ text, values: [value] }: Argument, notes: ImportNotes): JsonObject | null {
  const flag = text.split(/[ =]/, 1)[0];
  try {
    const parsed = JSON.parse(value ?? '') as unknown;
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as JsonObject;
    notes.refuse(flag, `must be a JSON mapping, got ${value}`);
  } catch (error) {
    notes.refuse(flag, `is no JSON: ${(error as Error).message}`, 'quote it with single quotes');
  }
  return null;
}
