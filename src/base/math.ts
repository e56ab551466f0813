/**
 * exp, log and pow from + - * / and floor alone. JavaScript engines may differ in the last bits of Math.exp and its
 * kin, so results computed with them are not the same bytes everywhere; these are. exp and log follow FreeBSD's msun
 * (fdlibm, e_exp.c and e_log.c: Sun Microsystems, 1993; error below 1 ulp); pow works on a log of about 100 bits.
 */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const INVERSE_LN2 = Math.LOG2E;
const MAX_EXP_ARGUMENT = 709.782712893384;
const MIN_EXP_ARGUMENT = -745.1332191019411;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
float[0] = 1;
/** Which half of a float64 holds the sign and the exponent on this machine. */
const HIGH = words[1] === 0 ? 0 : 1;

/** e to the x. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  if (x > MAX_EXP_ARGUMENT) return Number.POSITIVE_INFINITY;
  if (x < MIN_EXP_ARGUMENT) return 0;
  return expOfSum(x, 0);
}

/** Natural logarithm: -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  const exponent = splitExponent(x);
  const f = mantissa - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + (even + odd)) + exponent * LN2_LOW) - f);
}

/** base to the exponent, with the special cases of Math.pow; error below 1 ulp, whole powers of 2 exact. */
export function pow(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  if (Number.isNaN(base) || Number.isNaN(exponent)) return Number.NaN;
  const size = base < 0 ? -base : base;
  if (base === 0 || size === Number.POSITIVE_INFINITY || !Number.isFinite(exponent)) {
    return powAtEdges(base, size, exponent);
  }
  if (base > 0) return powPositive(base, exponent);
  if (Math.floor(exponent) !== exponent) return Number.NaN;
  return isOdd(exponent) ? -powPositive(size, exponent) : powPositive(size, exponent);
}

function powAtEdges(base: number, size: number, exponent: number): number {
  if (!Number.isFinite(exponent)) {
    if (size === 1) return Number.NaN;
    return size > 1 === exponent > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  const result = (size === 0) === exponent > 0 ? 0 : Number.POSITIVE_INFINITY;
  const negative = (base < 0 || Object.is(base, -0)) && isOdd(exponent);
  return negative ? -result : result;
}

/** Whether a whole number is odd (every float64 past 2^53 is even). */
function isOdd(value: number): boolean {
  return value % 2 === 1 || value % 2 === -1;
}

function powPositive(base: number, exponent: number): number {
  if (base === 1) return 1;
  const high = logInTwoParts(base);
  const low = logLow;
  const product = high * exponent;
  if (product > MAX_EXP_ARGUMENT + 1) return Number.POSITIVE_INFINITY;
  if (product < MIN_EXP_ARGUMENT - 1) return 0;
  return expOfSum(product, productError(high, exponent, product) + low * exponent);
}

/** exp(high + low) for |low| far below |high|: argument reduced by multiples of ln 2, then fdlibm's rational form. */
function expOfSum(high: number, low: number): number {
  const k = Math.floor(high * INVERSE_LN2 + 0.5);
  const reduced = high - k * LN2_HIGH;
  const correction = k * LN2_LOW - low;
  const r = reduced - correction;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (0.00006613756321437934 + t * (-0.0000016533902205465252 + t * 4.1381367970572385e-8))));
  return scaleByPowerOfTwo(1 - (correction - (r * c) / (2 - c) - reduced), k);
}

/** y * 2^k in two steps, so that neither factor over- or underflows before the result does. */
function scaleByPowerOfTwo(y: number, k: number): number {
  const first = Math.floor(k / 2);
  return y * powerOfTwo(first) * powerOfTwo(k - first);
}

/** 2^k for -1022 <= k <= 1023. */
function powerOfTwo(k: number): number {
  words[1 - HIGH] = 0;
  words[HIGH] = (k + 1023) << 20;
  return float[0];
}

/** Set by splitExponent: in [sqrt(1/2), sqrt(2)). */
let mantissa = 0;

/** x = mantissa * 2^(the returned exponent) for finite x > 0. */
function splitExponent(x: number): number {
  let exponent = 0;
  float[0] = x;
  if (words[HIGH] < 0x00100000) {
    float[0] = x * 18014398509481984;
    exponent = -54;
  }
  exponent += (words[HIGH] >>> 20) - 1023;
  words[HIGH] = (words[HIGH] & 0x000fffff) | 0x3ff00000;
  mantissa = float[0];
  if (mantissa >= Math.SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  return exponent;
}

/** ln 2 in two float64; the first has its last 11 bits clear, so that its product with a binary exponent is exact. */
const LN2_FIRST = 0.6931471805598903;
const LN2_REST = 5.497923018708371e-14;
const THIRD_LOW = 1.850371707708594e-17;

/** Set by logInTwoParts. */
let logLow = 0;

/** log(x) to about 100 bits, the head returned and the tail in logLow: 2 atanh(s) as its series, s = (m-1)/(m+1). */
function logInTwoParts(x: number): number {
  const exponent = splitExponent(x);
  const f = mantissa - 1;
  const d = mantissa + 1;
  const dLow = mantissa > 1 ? 1 - (d - mantissa) : mantissa - (d - 1);
  const s = f / d;
  const sd = s * d;
  const sLow = (f - sd - productError(s, d, sd) - s * dLow) / d;
  const z = s * s;
  const zLow = productError(s, s, z) + 2 * s * sLow;
  const far = 1 / 17 + z * (1 / 19 + z * (1 / 21 + z * (1 / 23 + z * (1 / 25 + z * (1 / 27)))));
  const tail = 1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13 + z * (1 / 15 + z * far)))));
  // The bracket 1 + z/3 + z^2 tail, without its 1: head and rest.
  const third = z * (1 / 3);
  const thirdLow = productError(z, 1 / 3, third) + z * THIRD_LOW + zLow * (1 / 3);
  const square = z * z * tail;
  const bracket = third + square;
  const bracketLow = square - (bracket - third) + thirdLow;
  const sb = s * bracket;
  const sbLow = productError(s, bracket, sb) + s * bracketLow + sLow * bracket;
  const sum = s + sb;
  const sumLow = sb - (sum - s) + sbLow + sLow;
  const whole = exponent * LN2_FIRST;
  const double = 2 * sum;
  const head = whole + double;
  // Exact error of the last addition, whichever of the two is larger.
  const back = head - whole;
  const error = whole - (head - back) + (double - back);
  logLow = error + 2 * sumLow + exponent * LN2_REST;
  return head;
}

/** a * b - product exactly, where product is a * b rounded (Dekker's product with Veltkamp's split). */
function productError(a: number, b: number, product: number): number {
  const aHead = headOf(a);
  const aTail = a - aHead;
  const bHead = headOf(b);
  const bTail = b - bHead;
  return aTail * bTail - (product - aHead * bHead - aTail * bHead - aHead * bTail);
}

function headOf(a: number): number {
  // Splitting multiplies by 2^27: beyond 2^996 that overflows, and pow of such an exponent is 0, 1 or Infinity anyway.
  const scaled = a * 134217729;
  return scaled - (scaled - a);
}
