/** FIPS 180-4 section 4.2.2: fractional parts of the cube roots of the first 64 primes. */
const ROUND_CONSTANTS = fractionalRoots(64, 3);
/** FIPS 180-4 section 5.3.3: fractional parts of the square roots of the first 8 primes. */
const INITIAL_STATE = fractionalRoots(8, 2);

const encoder = new TextEncoder();

/** SHA-256 (FIPS 180-4) in plain JavaScript, so that a browser tab and Node hash alike, without waiting. */
export class Sha256 {
  readonly #state = Int32Array.from(INITIAL_STATE);
  readonly #schedule = new Int32Array(64);
  readonly #rest = new Uint8Array(64);
  #restLength = 0;
  #totalBytes = 0;

  /** Appends bytes, or a string as UTF-8. */
  update(data: Uint8Array | string): this {
    const bytes = typeof data === 'string' ? encoder.encode(data) : data;
    this.#totalBytes += bytes.length;
    let offset = 0;
    if (this.#restLength > 0) {
      offset = Math.min(64 - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, offset), this.#restLength);
      this.#restLength += offset;
      if (this.#restLength < 64) return this;
      compress(this.#state, this.#schedule, this.#rest, 0);
      this.#restLength = 0;
    }
    for (; offset + 64 <= bytes.length; offset += 64) compress(this.#state, this.#schedule, bytes, offset);
    this.#rest.set(bytes.subarray(offset), 0);
    this.#restLength = bytes.length - offset;
    return this;
  }

  /** The digest as 64 hexadecimal digits. Ends the hash: updating it afterwards makes no sense. */
  hex(): string {
    const bits = this.#totalBytes * 8;
    const padding = new Uint8Array((this.#restLength < 56 ? 56 : 120) - this.#restLength + 8);
    padding[0] = 0x80;
    const view = new DataView(padding.buffer);
    view.setUint32(padding.length - 8, Math.floor(bits / 4294967296));
    view.setUint32(padding.length - 4, bits >>> 0);
    this.update(padding);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }
}

/** SHA-256 of bytes, or of a string as UTF-8, as 64 hexadecimal digits. */
export function sha256Hex(data: Uint8Array | string): string {
  return new Sha256().update(data).hex();
}

function compress(state: Int32Array, schedule: Int32Array, bytes: Uint8Array, offset: number): void {
  for (let i = 0; i < 16; i++) {
    const at = offset + 4 * i;
    schedule[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15];
    const y = schedule[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    schedule[i] = (schedule[i - 16] + s0 + schedule[i - 7] + s1) | 0;
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const first = (h + s1 + ((e & f) ^ (~e & g)) + ROUND_CONSTANTS[i] + schedule[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/** The first 32 fractional bits of the degree-th roots of the first primes, in exact integer arithmetic. */
function fractionalRoots(count: number, degree: number): Int32Array {
  const roots = new Int32Array(count);
  let prime = 2;
  for (let i = 0; i < count; prime++) {
    if (!isPrime(prime)) continue;
    const scaled = BigInt(prime) << BigInt(32 * degree);
    let root = 0n;
    for (let bit = 1n << 36n; bit > 0n; bit >>= 1n) {
      const next = root + bit;
      let power = next;
      for (let factor = 1; factor < degree; factor++) power *= next;
      if (power <= scaled) root = next;
    }
    roots[i] = Number(root & 0xffffffffn) | 0;
    i += 1;
  }
  return roots;
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor++) if (value % divisor === 0) return false;
  return true;
}
