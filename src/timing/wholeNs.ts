/** A pass lasts a whole number of nanoseconds, at least one. */
export function wholeNs(ns: number): number {
  return Math.max(1, Math.round(ns));
}
