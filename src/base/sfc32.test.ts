import { expect, it } from 'vitest';
import { Sfc32 } from './sfc32.ts';

it('gives the numbers of the reference implementation', () => {
  // Made with PractRand's own code; published in the tests of the Rust crate rand_sfc (rust-random/rngs 159e31f).
  const expected = [
    0xa87dbc7e, 0x1787178c, 0x4c7b7234, 0xc65dade2, 0x2c692349, 0xf52c2153, 0xdf098072, 0x9d49b03c, 0x9562381a,
    0xc9b41738, 0x64b75e54, 0x36ce9b32, 0xf106947e, 0x0afc726b, 0x549bbc87, 0xd19a7b3e,
  ];
  const generator = new Sfc32(0, 2, 1);
  expect(expected.map(() => generator.uint32())).toEqual(expected);
});
