import { expect, test } from 'vitest';
import { networkOf } from './network.ts';

test('the busiest link is the one with the largest share of its capacity used', () => {
  const links = [
    { name: 'wide', bytesPerS: 100, bytes: 200, busyNs: 4e9 },
    { name: 'narrow', bytesPerS: 10, bytes: 30, busyNs: 3e9 },
    { name: 'free', bytesPerS: Number.POSITIVE_INFINITY, bytes: 900, busyNs: 0 },
  ];
  expect(networkOf({ transfers: 7, links }, 5e9)).toEqual({
    transfers: 7,
    busiest_link: 'narrow',
    busiest_link_used_ratio: 0.6,
    busiest_link_busy_ratio: 0.6,
  });
  expect(networkOf({ transfers: 0, links: [] }, 5e9).busiest_link).toBeNull();
});
