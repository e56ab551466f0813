import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from './canonicalJson.ts';

it('spells the sample of RFC 8785 section 3.2.3 as the RFC does', () => {
  const sample = { '€': 'Euro Sign', '\r': 'Carriage Return', '1': 'One', '\u0080': 'Control', '😂': 'Smiley', ö: 'o' };
  expect(Object.values(JSON.parse(canonicalJson(sample)))).toHaveLength(6);
  expect(canonicalJson(sample)).toBe(
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"o","€":"Euro Sign","😂":"Smiley"}',
  );
  expect(canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27])).toBe(
    '[333333333.3333333,1e+30,4.5,0.002,1e-27]',
  );
});

it('reads back as the same value, whatever the order of the keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(text);
    }),
  );
});

it('leaves out undefined keys and refuses what JSON cannot carry', () => {
  expect(canonicalJson({ b: undefined, a: null })).toBe('{"a":null}');
  for (const value of [Number.NaN, 1 / 0, undefined, [undefined], { a: () => 1 }, 1n]) {
    expect(() => canonicalJson(value)).toThrow(/canonical JSON/);
  }
});
