import { NS_PER_S } from '../base/units.ts';
import { populationOf } from '../metrics/population.ts';
import type { SloSpec } from '../metrics/report.ts';
import { judgeSlo } from '../metrics/slo.ts';
import { NO_WINDOW } from '../metrics/window.ts';
import type { Prediction } from '../study/prediction.ts';
import type { Stretch } from './windows.ts';

/** What was there at each moment of a simulated stretch, and how requests fared. Times in seconds of the workload's own clock. */
export interface Course {
  /** What was due, each until the next. */
  readonly timetable: readonly { readonly from_s: number; readonly deployment: string }[];
  /** GPUs held from each of these times on, by replicas that start, serve or drain and by warm nodes. */
  readonly gpus: readonly { readonly time_s: number; readonly gpus: number }[];
  /** By window: the share of requests that arrived in it and are good; null: nobody arrived. */
  readonly attained_ratios: readonly (number | null)[];
}

/** @param windows that make up the stretch, in order. */
export function courseOf(
  prediction: Prediction,
  slo: SloSpec | null,
  windows: readonly Stretch[],
  timetable: Course['timetable'],
): Course {
  return {
    timetable,
    gpus: gpusOverTime(prediction, windows[0].fromNs / NS_PER_S),
    attained_ratios: attainedByWindow(prediction, slo, windows),
  };
}

function gpusOverTime({ result: { scaling }, scenario: { pools } }: Prediction, fromS: number): Course['gpus'] {
  const held = pools.map(({ replicas, gpusPerReplica }) => replicas * gpusPerReplica);
  const total = (): number => held.reduce((sum, gpus) => sum + gpus, 0);
  if (scaling === null) return [{ time_s: fromS, gpus: total() }];
  const warm = scaling.warmReplicas.reduce((sum, nodes, pool) => sum + nodes * pools[pool].gpusPerReplica, 0);
  const gpus: { time_s: number; gpus: number }[] = [];
  for (const { timeNs, pool, starting, ready, draining, down } of scaling.replicas) {
    held[pool] = (starting + ready + draining + down) * pools[pool].gpusPerReplica;
    const now = { time_s: fromS + timeNs / NS_PER_S, gpus: total() + warm };
    if (gpus.at(-1)?.time_s === now.time_s) gpus.pop();
    if (gpus.at(-1)?.gpus !== now.gpus) gpus.push(now);
  }
  return gpus;
}

function attainedByWindow(
  { result, scenario: { workload } }: Prediction,
  slo: SloSpec | null,
  windows: readonly Stretch[],
): (number | null)[] {
  const { submitted } = populationOf(result, NO_WINDOW);
  const { good } = judgeSlo(slo, result.log, workload, submitted, result.gaps);
  const [{ fromNs }] = windows;
  const countIn = (requests: Int32Array): number[] => {
    const counts = windows.map(() => 0);
    for (const request of requests) {
      const atNs = fromNs + result.log.arrivalNs[request];
      counts[
        Math.max(
          0,
          windows.findLastIndex((window) => window.fromNs <= atNs),
        )
      ] += 1;
    }
    return counts;
  };
  const arrived = countIn(submitted);
  return countIn(good).map((count, window) => (arrived[window] === 0 ? null : count / arrived[window]));
}
