import type { Share } from './job.ts';

/** Ranks that settle something among themselves before they form their batches. */
export interface PlainGroup {
  /** `PlainScheduler.form` of each rank. */
  form(inFlight: readonly (readonly (readonly Share[])[])[], nowNs: number): Share[][];
}
