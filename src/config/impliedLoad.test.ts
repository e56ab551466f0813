import { expect, test } from 'vitest';
import { withLoadType } from './impliedLoad.ts';

test.each([
  [{ concurrency: 8 }, 'concurrency'],
  [{ requests_per_second: 2 }, 'poisson'],
  [{ spread: 'uniform' }, 'trace_timestamps'],
  [{ type: 'constant', requests_per_second: 2 }, 'constant'],
])('%o is a load of type %s', (load, type) => {
  expect(withLoadType({ traffic: { load } })).toMatchObject({ traffic: { load: { ...load, type } } });
});

test.each([
  [{}],
  [null],
  [{ traffic: null }],
  [{ traffic: { load: {} } }],
  [{ traffic: { load: [1] } }],
])('leaves %o alone', (input) => {
  expect(withLoadType(input)).toBe(input);
});
