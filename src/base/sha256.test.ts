import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sha256, sha256Hex } from './sha256.ts';

function byNode(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

describe('Sha256', () => {
  it('gives the published digests (FIPS 180-4 examples)', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('agrees with node:crypto at every length around the block and padding edges', () => {
    const bytes = Uint8Array.from({ length: 260 }, (_, i) => (i * 37 + 11) & 255);
    for (let length = 0; length <= bytes.length; length++) {
      const part = bytes.subarray(0, length);
      expect(sha256Hex(part)).toBe(byNode(part));
    }
  });

  it('does not care how the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 8 }), (parts) => {
        const hash = new Sha256();
        for (const part of parts) hash.update(part);
        expect(hash.hex()).toBe(byNode(Buffer.concat(parts)));
      }),
    );
  });

  it('hashes strings as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(sha256Hex(text)).toBe(byNode(text));
      }),
    );
  });
});
