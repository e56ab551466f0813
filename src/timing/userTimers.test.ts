import { describe, expect, it } from 'vitest';
import { InputError } from '../base/inputError.ts';
import { fixedTimer } from './fixed.ts';
import { linearTimer } from './linear.ts';
import { PassShape } from './passShape.ts';
import { tableTimer } from './table.ts';

function shapeOf(decodes: number, context: number, chunkTokens: number): PassShape {
  const shape = new PassShape(0);
  shape.setDecodes(decodes, decodes * context, 0);
  if (chunkTokens > 0) shape.addChunk(0, chunkTokens, true);
  return shape;
}

describe('fixed timer', () => {
  it('knows two durations', () => {
    const timer = fixedTimer({ prefillMs: 12.5, decodeMs: 3 });
    expect(timer.passNs(shapeOf(4, 100, 0))).toBe(3e6);
    expect(timer.decodeNs(4, 400, 0)).toBe(3e6);
    expect(timer.passNs(shapeOf(4, 100, 7))).toBe(12.5e6);
    expect(() => fixedTimer({ prefillMs: 0, decodeMs: 3 })).toThrow(InputError);
    expect(fixedTimer({ prefillMs: 1e-9, decodeMs: 3 }).passNs(shapeOf(0, 0, 1))).toBe(1);
  });
});

describe('linear timer', () => {
  const timer = linearTimer({ baseMs: 5, perPrefillTokenMs: 0.1, perSequenceMs: 0.2, perContextTokenMs: 0.001 });

  it('adds up', () => {
    expect(timer.passNs(shapeOf(10, 100, 50))).toBe(5e6 + 5e6 + 2e6 + 1e6);
    expect(timer.decodeNs(10, 1000, 0)).toBe(timer.passNs(shapeOf(10, 100, 0)));
  });

  it('refuses negative coefficients and a pass that takes no time', () => {
    const none = { baseMs: 0, perPrefillTokenMs: 0, perSequenceMs: 0, perContextTokenMs: 0 };
    expect(() => linearTimer(none)).toThrow(/take no time/);
    expect(() => linearTimer({ ...none, baseMs: 1, perSequenceMs: -1 })).toThrow(/per_sequence_ms/);
  });
});

describe('table timer', () => {
  const prefill = [
    { tokens: 2000, ms: 50 },
    { tokens: 1000, ms: 30 },
  ];
  const decode = [
    { sequences: 1, context: 1000, ms: 10 },
    { sequences: 1, context: 2000, ms: 12 },
    { sequences: 11, context: 1000, ms: 20 },
    { sequences: 11, context: 2000, ms: 32 },
  ];
  const timer = tableTimer({ prefill, decode });
  const decodeMs = (sequences: number, context: number) => timer.decodeNs(sequences, sequences * context, 0) / 1e6;

  it('gives the points back and lines between them', () => {
    for (const point of decode) expect(decodeMs(point.sequences, point.context)).toBeCloseTo(point.ms, 6);
    expect(decodeMs(6, 1500)).toBeCloseTo((10 + 12 + 20 + 32) / 4, 6);
    expect(timer.passNs(shapeOf(0, 0, 1500))).toBe(40e6);
  });

  it('continues lines outwards and stays at the first point inwards', () => {
    expect(timer.passNs(shapeOf(0, 0, 4000))).toBe(90e6);
    expect(timer.passNs(shapeOf(0, 0, 10))).toBe(30e6);
    expect(decodeMs(1, 3000)).toBeCloseTo(14, 6);
    expect(decodeMs(1, 10)).toBeCloseTo(10, 6);
    expect(decodeMs(21, 1000)).toBeCloseTo(30, 6);
  });

  it('adds to decodes what the prefill tokens cost beyond an empty pass', () => {
    // The first segment reaches 10 ms at no tokens.
    expect(timer.passNs(shapeOf(1, 1000, 2000))).toBe(10e6 + 40e6);
    expect(timer.passNs(shapeOf(1, 1000, 0))).toBe(timer.decodeNs(1, 1000, 0));
  });

  it('works with one point of each', () => {
    const constant = tableTimer({ prefill: [{ tokens: 9, ms: 4 }], decode: [{ sequences: 3, context: 5, ms: 2 }] });
    expect([constant.passNs(shapeOf(0, 0, 700)), constant.decodeNs(70, 900, 0)]).toEqual([4e6, 2e6]);
  });

  it.each([
    ['no points', { prefill: [], decode }, /at least one/],
    ['a repeated point', { prefill: [...prefill, prefill[0]], decode }, /two points at 2000/],
    ['a hole in the grid', { prefill, decode: decode.slice(0, 3) }, /no point for 11 sequences at context 2000/],
    ['a time of 0', { prefill: [{ tokens: 1, ms: 0 }], decode }, /greater than 0/],
    ['falling prefill', { prefill: [...prefill, { tokens: 3000, ms: 1 }], decode }, /faster from 2000 to 3000/],
    ['falling decode', { prefill, decode: [...decode.slice(0, 3), { ...decode[3], ms: 11 }] }, /faster as work grows/],
  ])('refuses %s', (_, timing, message) => {
    expect(() => tableTimer(timing)).toThrow(InputError);
    expect(() => tableTimer(timing)).toThrow(message);
  });
});
