import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseDatetime } from './timestamp.ts';

it('agrees with Date on every ISO time of the years 1600 to 2400', () => {
  const date = fc.date({ min: new Date(Date.UTC(1600, 0)), max: new Date(Date.UTC(2400, 0)), noInvalidDate: true });
  fc.assert(
    fc.property(date, (value) => {
      const text = value.toISOString();
      const ms = value.getTime();
      const expected = { seconds: Math.floor(ms / 1000), ns: (ms - Math.floor(ms / 1000) * 1000) * 1e6 };
      expect(parseDatetime(text)).toEqual(expected);
      expect(parseDatetime(text.replace('T', ' ').replace('Z', ''))).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

it('keeps seven to nine digits of a second', () => {
  expect(parseDatetime('1970-01-01 00:00:01.0000001')).toEqual({ seconds: 1, ns: 100 });
  expect(parseDatetime('1970-01-01 00:00:01.123456789')).toEqual({ seconds: 1, ns: 123456789 });
});

it('honours an offset', () => {
  expect(parseDatetime('2024-03-01T01:30:00+02:00')).toEqual(parseDatetime('2024-02-29T23:30:00Z'));
  expect(parseDatetime('2024-02-29 20:00:00-0330')).toEqual(parseDatetime('2024-02-29 23:30'));
});

it('is null for what is no date', () => {
  for (const text of [
    '',
    'x',
    '2023-02-29',
    '2023-00-10',
    '2023-01-32',
    '2023-01-01 24:00',
    '2023-01-01 10:60',
    '17',
  ]) {
    expect(parseDatetime(text), text).toBeNull();
  }
});
