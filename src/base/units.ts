/** Simulated time is a whole number of nanoseconds held in a float64: exact up to 2^53 ns, 104 days. */
export const NS_PER_MS = 1e6;
export const NS_PER_S = 1e9;

export const BYTES_PER_MIB = 1024 * 1024;
export const BYTES_PER_GIB = 1024 * 1024 * 1024;
