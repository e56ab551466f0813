import type { SimulationResult } from '../../src/cluster/simulationResult.ts';
import { STATES } from '../../src/engine/requestLog.ts';

type Columns = Record<string, number[]>;

/** All that a run says, as named columns by how they answer to a change of clock. */
export interface Timeline {
  /** Absolute, -1 = never: scaled and shifted with the clock. */
  readonly times: Columns;
  /** Scaled with the clock, never shifted. */
  readonly durations: Columns;
  /** Nothing to do with the clock. */
  readonly counts: Columns;
}

export function timelineOf({ log, ...result }: SimulationResult): Timeline {
  const requests = Array.from({ length: log.count }, (_, request) => request);
  const durations: Columns = {
    maxGapNs: [...log.maxGapNs],
    gapsNs: [result.gaps.sum, result.gaps.min, result.gaps.max],
    busyNs: result.workers.map((worker) => worker.busyNs),
    prefillBoundNs: result.workers.flatMap((worker) => [...worker.prefillBoundNs]),
    decodeBoundNs: result.workers.flatMap((worker) => [...worker.decodeBoundNs]),
    inFlightIntegralNs: [Number(result.inFlightIntegralNs.toBigInt())],
  };
  for (const [state, name] of STATES.entries()) {
    durations[`${name} before the first token`] = requests.map((request) => log.ttftStateNs(request, state));
    durations[name] = requests.map((request) => log.e2eStateNs(request, state));
  }
  return {
    times: {
      arrivalNs: [...log.arrivalNs],
      scheduledNs: [...log.scheduledNs],
      firstTokenNs: [...log.firstTokenNs],
      lastTokenNs: [...log.lastTokenNs],
      durationNs: [result.durationNs],
    },
    durations,
    counts: {
      outcome: [...log.outcome],
      preemptions: [...log.preemptions],
      reusedTokens: [...log.reusedTokens],
      worker: [...log.worker],
      submitted: [result.submitted],
      passes: [result.passes, ...result.workers.map((worker) => worker.passes)],
      gapCount: [result.gaps.count],
      workerPreemptions: result.workers.map((worker) => worker.preemptions),
      batchSum: result.workers.map((worker) => worker.batchSum),
      evictedBlocks: result.workers.map((worker) => worker.evictedBlocks),
      lookupTokens: result.workers.map((worker) => worker.lookupTokens),
      hitTokens: result.workers.map((worker) => worker.hitTokens),
      draftedDecodes: result.workers.map((worker) => worker.draftedDecodes),
      acceptedDrafts: result.workers.map((worker) => worker.acceptedDrafts),
    },
  };
}

/** The same run on a clock that goes `factor` times as fast and starts `shiftNs` earlier. */
export function reclocked(timeline: Timeline, factor: number, shiftNs: number): Timeline {
  return {
    times: mapColumns(timeline.times, (time) => (time < 0 ? time : time * factor + shiftNs)),
    durations: mapColumns(timeline.durations, (ns) => ns * factor),
    counts: timeline.counts,
  };
}

/** The timeline without some of its columns. */
export function without(timeline: Timeline, ...names: readonly string[]): Timeline {
  const kept = (columns: Columns): Columns =>
    Object.fromEntries(Object.entries(columns).filter(([name]) => !names.includes(name)));
  return { times: kept(timeline.times), durations: kept(timeline.durations), counts: kept(timeline.counts) };
}

/** Where two timelines differ (compared with ===), one sentence a column; empty = nowhere. */
export function differences(a: Timeline, b: Timeline): string[] {
  return (['times', 'durations', 'counts'] as const).flatMap((part) => columnDifferences(a[part], b[part]));
}

function columnDifferences(a: Columns, b: Columns): string[] {
  return Object.keys({ ...a, ...b }).flatMap((name) => {
    const left = a[name] ?? [];
    const right = b[name] ?? [];
    const length = Math.max(left.length, right.length);
    for (let index = 0; index < length; index++) {
      if (left[index] !== right[index]) return [`${name}[${index}]: ${left[index]} against ${right[index]}`];
    }
    return [];
  });
}

function mapColumns(columns: Columns, change: (value: number) => number): Columns {
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.map(change)]));
}

/** Only what is said of each request, without the totals. */
export function perRequest(timeline: Timeline): Timeline {
  const { arrivalNs, scheduledNs, firstTokenNs, lastTokenNs } = timeline.times;
  const { outcome, preemptions, reusedTokens, worker } = timeline.counts;
  return {
    times: { arrivalNs, scheduledNs, firstTokenNs, lastTokenNs },
    durations: without(timeline, 'gapsNs', 'busyNs', 'prefillBoundNs', 'decodeBoundNs', 'inFlightIntegralNs').durations,
    counts: { outcome, preemptions, reusedTokens, worker },
  };
}

/** The requests of two timelines numbered through. */
export function joined(a: Timeline, b: Timeline): Timeline {
  const join = (left: Columns, right: Columns): Columns =>
    Object.fromEntries(Object.entries(left).map(([name, values]) => [name, [...values, ...right[name]]]));
  return {
    times: join(a.times, b.times),
    durations: join(a.durations, b.durations),
    counts: join(a.counts, b.counts),
  };
}
