import { describe, expect, it } from 'vitest';
import { LAYERS } from './layers.ts';
import { portabilityBreaches } from './portableMath.ts';
import { readSources } from './sourceFiles.ts';

/** The timeline and the result hash depend on these and on nothing else. */
const HEART = LAYERS.slice(LAYERS.indexOf('metrics'));

describe('metrics and below', () => {
  it('compute the same bits on every machine', () => {
    const sources = readSources(...HEART.map((layer) => `src/${layer}`));
    expect(sources.has('src/base/math.ts')).toBe(true);
    expect([...sources].flatMap(([file, text]) => portabilityBreaches(file, text))).toEqual([]);
  });
});

describe('the portability check', () => {
  it.each([
    'const a = Math.sqrt(2) + Math.imul(3, 4) - Math.PI;',
    'const LIMB = 2 ** 50;',
    'const BITS = 5;\nconst SUB = 2 ** BITS;',
    'const big = 2n ** 64n;',
    '// Math.exp(x), Date.now(), x ** y\nconst text = "Math.random()";',
    'interface Log { readonly console: number }\nconst log = { performance: 1 };\nlog.performance;',
    'for (const x of xs) f(x);',
    'function gap(process: Arrivals): number {\n  return process.mean;\n}',
  ])('accepts %s', (text) => {
    expect(portabilityBreaches('a.ts', text)).toEqual([]);
  });

  it.each([
    ['\nconst y = Math.exp(x);', 'a.ts:2: Math.exp'],
    ['const y = Math.log2(x);', 'a.ts:1: Math.log2'],
    ['const y = Math.random();', 'a.ts:1: Math.random'],
    ['const { exp } = Math;', 'a.ts:1: Math as a value'],
    ["const y = Math['cos'](x);", 'a.ts:1: Math as a value'],
    ['const y = 2 ** x;', 'a.ts:1: ** on a variable'],
    ['let n = 2;\nconst y = 2 ** n;', 'a.ts:2: ** on a variable'],
    ['x **= 2;', 'a.ts:1: **= on a variable'],
    ['const now = Date.now();', 'a.ts:1: Date'],
    ['const now = new Date();', 'a.ts:1: Date'],
    ['const now = performance.now();', 'a.ts:1: performance'],
    ['const now = globalThis.Date.now();', 'a.ts:1: globalThis'],
    ["console.log('x');", 'a.ts:1: console'],
    ['for (const key in object) f(key);', 'a.ts:1: for...in'],
    ['names.sort((a, b) => a.localeCompare(b));', 'a.ts:1: localeCompare'],
  ])('refuses %s', (text, breach) => {
    expect(portabilityBreaches('a.ts', text)).toEqual([breach]);
  });
});
