/**
 * JSON with one spelling per value, to be hashed: keys sorted by UTF-16 code units, no spaces, numbers as JavaScript
 * prints them (the rules of RFC 8785). Keys whose value is undefined are left out, as JSON.stringify does.
 * @throws Error for what JSON cannot carry: NaN, infinities, functions, undefined on its own or in an array.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error(`canonical JSON has no ${value}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`);
    return `{${entries.join(',')}}`;
  }
  throw new Error(`canonical JSON has no ${typeof value}`);
}
