import { InputError } from '../base/inputError.ts';

/** A JSON string, or one of the number literals Python writes and JSON forbids. */
const STRING_OR_NON_FINITE = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/**
 * Parses the text of a Hugging Face `config.json`. Python's writer may put `Infinity` or `NaN` there; both become null.
 * @throws InputError naming the file when the text is not JSON.
 */
export function parseConfigJson(text: string, file = 'config.json'): unknown {
  const strict = text.replace(STRING_OR_NON_FINITE, (token) => (token.startsWith('"') ? token : 'null'));
  try {
    return JSON.parse(strict);
  } catch (error) {
    throw new InputError({ file, message: `not valid JSON: ${(error as Error).message}` });
  }
}
