import type { PredictConfig } from '../config/predictConfig.ts';
import type { GpuPhases } from '../metrics/report.ts';
import type { Course } from './course.ts';
import type { SwitchCost } from './switchCost.ts';

/** `adaptation.json`. Times in seconds of the workload's own clock. */
export interface Adaptation {
  /** Of the goal, its workload, and how it was cut. */
  readonly config_hash: string;
  readonly train: StretchReport;
  readonly test: StretchReport;
  /** That both stretches are cut into, before those that look alike are joined. */
  readonly windows: { readonly train: readonly WindowReport[]; readonly test: readonly WindowReport[] };
  /** Of the stretch the schedule was chosen on. */
  readonly segments: readonly SegmentReport[];
  readonly switches: readonly SwitchReport[];
  /** Everything scored on the test stretch, each by one simulation from its beginning to its end. */
  readonly scores: {
    readonly schedule: Score | null;
    readonly best_static: Score | null;
    readonly best_autoscaled: Score | null;
    /** The schedule that the test stretch itself would have had chosen. */
    readonly hindsight: Score | null;
  };
  readonly simulations: number;
  readonly left_out: readonly string[];
}

export interface StretchReport {
  readonly from_s: number;
  readonly to_s: number;
  readonly requests: number;
}

export interface WindowReport extends StretchReport {
  readonly requests_per_s: number;
  readonly mean_input_tokens: number;
  readonly mean_output_tokens: number;
  readonly reused_ratio: number;
}

export interface SegmentReport extends WindowReport {
  /** What had drifted. */
  readonly reason: string;
  /** Fewest replicas of each shape, by pool, that meet the SLO; null: none do, or only far dearer ones than other shapes. */
  readonly fewest: Readonly<Record<string, readonly number[] | null>>;
  /** What the schedule has here; null where there is no schedule. */
  readonly deployment: string | null;
}

export interface SwitchReport {
  readonly at_s: number;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly estimated_usd: SwitchCost;
}

export interface Score {
  readonly deployment: string;
  readonly usd: number;
  readonly usd_by_phase: GpuPhases;
  /** Running and switching added up segment by segment; null where nothing is added up. */
  readonly estimated_usd: number | null;
  readonly attained_ratio: number;
  readonly met: boolean;
  readonly gpu_hours: number;
  readonly scale_events: number;
  readonly course: Course;
  /** The same on the stretch it was chosen on; null for hindsight, which was chosen on the test stretch. */
  readonly in_training: {
    readonly usd: number;
    readonly attained_ratio: number;
    readonly met: boolean;
    readonly course: Course;
  } | null;
  readonly config: PredictConfig;
}
