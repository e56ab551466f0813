/** The families of formulas that a pass's time adds up from. `host`: overheads of layers and passes, and waiting for launches. */
export const FAMILIES = ['attention', 'gemm', 'moe', 'collectives', 'elementwise', 'host'] as const;

/** Seconds of one pass by family. One reused object; nothing here allocates. */
export class FamilySeconds {
  /** By index into FAMILIES. */
  readonly seconds = new Float64Array(FAMILIES.length);
  /** Of their sum: what rests on constants that no measured run has had a say in. */
  defaultS = 0;

  clear(): void {
    this.seconds.fill(0);
    this.defaultS = 0;
  }

  add(family: (typeof FAMILIES)[number], seconds: number, isFitted = true): void {
    this.seconds[FAMILIES.indexOf(family)] += seconds;
    if (!isFitted) this.defaultS += seconds;
  }

  scale(factor: number): void {
    for (let family = 0; family < this.seconds.length; family++) this.seconds[family] *= factor;
    this.defaultS *= factor;
  }

  totalS(): number {
    let sum = 0;
    for (const seconds of this.seconds) sum += seconds;
    return sum;
  }
}
