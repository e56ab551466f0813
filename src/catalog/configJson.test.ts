import { describe, expect, it } from 'vitest';
import { parseConfigJson } from './configJson.ts';

describe('parseConfigJson', () => {
  it('reads what Python writes for infinity and not-a-number as null, outside of strings only', () => {
    const text = '{"limit": [0.0, Infinity], "low": -Infinity, "x": NaN, "name": "NaN \\"Infinity\\"", "Infinity": 1}';
    expect(parseConfigJson(text)).toEqual({
      limit: [0, null],
      low: null,
      x: null,
      name: 'NaN "Infinity"',
      Infinity: 1,
    });
  });

  it('names the file of a text that is not JSON', () => {
    expect(() => parseConfigJson('{"a": }', 'my/config.json')).toThrow(/^my\/config\.json: not valid JSON: /);
    expect(() => parseConfigJson('{"a": Infinityx}')).toThrow(/not valid JSON/);
  });
});
