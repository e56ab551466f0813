import { log } from '../base/math.ts';
import { NS_PER_S } from '../base/units.ts';
import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import {
  type Assignment,
  domainsOfMode,
  hasPlanner,
  type RecommendConfig,
  type Scalar,
} from '../config/recommendConfig.ts';
import { metricValue } from '../metrics/metricNames.ts';
import type { Direction } from '../search/pareto.ts';
import type { Problem, TrialAsk, TrialOutcome } from '../search/strategy.ts';
import type { Workload } from '../workload/workload.ts';
import type { CandidateSpace } from './candidateSpace.ts';
import { marginOf, type StatedBound, sharedBounds } from './constraints.ts';
import { bestPossible, type Floors, floorsOf, impossibleBound, isExact, type SideFloors, sidesOf } from './floors.ts';
import type { RoleOption } from './roleOptions.ts';
import { idleKnobs, type MeanRequest, meanRequestOf, type Sketch, sketchOf } from './sketch.ts';
import type { TrialResult } from './trialTask.ts';

/** Losses are logarithms, so this is a relative difference. */
const RESOLUTION = 0.004;
const WORST_LOSS = 30;
/** Batches of up to e^6 sequences span a coordinate. */
const BATCH_SCALE = 6;
/** A limit this many times below what peaks want decides. */
const PRESSING = 16;
/** Neighbours that move two knobs of a role at constant GPUs. */
const TRADES = 2;

/** One coordinate or more of a domain's value. */
interface Coordinate {
  readonly path: string;
  encode(value: Scalar | undefined, into: Float64Array, at: number): void;
  readonly width: number;
}

/** What a candidate's sketch gives a search. */
interface View {
  readonly point: Float64Array;
  readonly outputs: readonly number[];
}

/** The candidates of a goal as a search sees them: numbers with coordinates, neighbours and bounds. */
export class SearchProblem implements Problem {
  readonly size: number;
  readonly objectives: number;
  readonly resolution = RESOLUTION;
  readonly levels: readonly number[];
  readonly exact: readonly boolean[];
  readonly #config: RecommendConfig;
  readonly #space: CandidateSpace;
  readonly #workload: Workload;
  readonly #facts: Facts;
  readonly #scales: boolean;
  readonly #shortestOutput: number;
  readonly #mean: MeanRequest;
  readonly #traceRate: number;
  readonly #coordinates = new Map<Scalar, Coordinate[]>();
  readonly #bounds: readonly StatedBound[];
  /** By what candidates share, role options and option. */
  readonly #sides = new Map<string, Map<readonly RoleOption[], SideFloors[]>>();
  /** By group and role, those of `#sides`. */
  readonly #sidesOfGroup: SideFloors[][][] = [];
  readonly #loads: PredictConfig['traffic'][] = [];
  readonly #floors = new Map<number, readonly number[] | null>();
  readonly #views = new Map<number, View>();
  readonly #near = new Map<readonly RoleOption[], (readonly number[])[]>();

  /** @param levels shares of the requests of the whole workload that trials of each level have; the last is 1. */
  constructor(
    config: RecommendConfig,
    space: CandidateSpace,
    levels: readonly number[],
    workload: Workload,
    facts: Facts,
  ) {
    this.#config = config;
    this.#space = space;
    this.#workload = workload;
    this.#facts = facts;
    this.size = space.size;
    this.objectives = config.goal.objectives.length;
    this.levels = levels;
    this.#scales = hasPlanner(config);
    this.#bounds = sharedBounds(config.goal.slo);
    this.exact = config.goal.objectives.map(({ metric }) => !this.#scales && isExact(metric));
    this.#mean = meanRequestOf(workload);
    const last = workload.arrivalNs.reduce((latest, arrival) => Math.max(latest, arrival), 0);
    this.#traceRate = last > 0 ? (workload.count * NS_PER_S) / last : 1;
    this.#shortestOutput =
      config.traffic.over_length === 'truncate'
        ? 1
        : workload.outputTokens.reduce((least, tokens) => Math.min(least, tokens), Number.POSITIVE_INFINITY);
  }

  family(candidate: number): number {
    return this.#space.groups[this.#space.place(candidate).group].shared['engine.mode'] === 'aggregated' ? 0 : 1;
  }

  features(candidate: number): Float64Array {
    return this.#viewOf(candidate).point;
  }

  sketch(candidate: number): readonly number[] {
    return this.#viewOf(candidate).outputs;
  }

  #viewOf(candidate: number): View {
    let view = this.#views.get(candidate);
    if (view === undefined) {
      const sketch = this.#sketchOf(candidate);
      view = { point: this.#pointOf(candidate, sketch), outputs: this.#outputsOf(candidate, sketch) };
      this.#views.set(candidate, view);
    }
    return view;
  }

  #pointOf(candidate: number, { batch, utilisation, pressures }: Sketch): Float64Array {
    const assignment = this.#space.assignment(candidate);
    const coordinates = this.#coordinatesOf(assignment['engine.mode']);
    const width = coordinates.reduce((sum, coordinate) => sum + coordinate.width, 0);
    const { gpus } = this.#sizes(candidate);
    const point = new Float64Array(width + gpus.length + 3 + Object.keys(pressures).length);
    let at = 0;
    const idle = idleKnobs(pressures, this.#mean);
    for (const { path, width, encode } of coordinates) {
      encode(idle.has(path) ? undefined : assignment[path], point, at);
      at += width;
    }
    const most = log(1 + this.#config.constraints.max_candidate_gpus);
    point[at++] = log(batch) / BATCH_SCALE;
    point[at++] = utilisation;
    for (const pressure of Object.values(pressures)) point[at++] = pressed(pressure);
    for (const count of [...gpus, gpus.reduce((sum, each) => sum + each, 0)]) point[at++] = log(1 + count) / most;
    return point;
  }

  neighbours(candidate: number): number[] {
    const { group, options } = this.#space.place(candidate);
    const { shared, roles } = this.#space.groups[group];
    const found: number[] = [];
    roles.forEach((list, role) => {
      for (const other of this.#nearOptions(list, options[role])) {
        const moved = this.#space.find(
          group,
          options.map((option, k) => (k === role ? other : option)),
        );
        if (moved !== null) found.push(moved);
      }
    });
    this.#space.groups.forEach((other, index) => {
      if (index === group || other.roles.length !== roles.length || movesBetween(shared, other.shared) > 1) return;
      const same = options.map((option, role) => sameOption(other.roles[role], roles[role], option));
      const moved = same.includes(-1) ? null : this.#space.find(index, same);
      if (moved !== null) found.push(moved);
    });
    return found;
  }

  floor(candidate: number): readonly number[] | null {
    let floor = this.#floors.get(candidate);
    if (floor === undefined) {
      floor = this.#floorOf(candidate);
      this.#floors.set(candidate, floor);
    }
    return floor;
  }

  #floorOf(candidate: number): readonly number[] | null {
    const floors = this.floorsOf(candidate);
    if (impossibleBound(this.#bounds, floors) !== null) return null;
    return this.#config.goal.objectives.map(({ metric, direction }) => {
      const best = bestPossible(metric, floors);
      return best === null ? Number.NEGATIVE_INFINITY : lossOf(best, direction);
    });
  }

  #outputsOf(candidate: number, sketch: Sketch): readonly number[] {
    const { gpus, usdPerHour } = this.floorsOf(candidate);
    const { objectives } = this.#config.goal;
    const losses = objectives.map(({ metric, direction }) => {
      const value = sketched(metric, sketch, gpus, usdPerHour);
      return value === null ? Number.NaN : lossOf(value, direction);
    });
    const margins = this.#bounds.map(({ metric, bound }) => {
      const value = sketched(`mean_${metric}`, sketch, gpus, usdPerHour);
      return value === null ? Number.NaN : log(value / bound);
    });
    const margin = margins.length === 0 ? Number.NaN : Math.max(-2, Math.min(2, Math.max(...margins)));
    return [...losses, margin, -log(sketch.batch)];
  }

  #sketchOf(candidate: number): Sketch {
    const { group, options } = this.#space.place(candidate);
    const { load } = this.#loadOf(group);
    return sketchOf(
      this.#sidesOf(candidate, group, options).map(({ sketch }) => sketch),
      load,
      rateOf(load, this.#traceRate),
      this.#mean,
    );
  }

  floorsOf(candidate: number): Floors {
    const { group, options } = this.#space.place(candidate);
    const { load } = this.#loadOf(group);
    const floors = floorsOf(this.#sidesOf(candidate, group, options), load, this.#shortestOutput);
    // A planner may make do with less than there is at the beginning.
    return this.#scales ? { ...floors, gpus: 0, usdPerHour: 0 } : floors;
  }

  /** Each side is looked at once: what it contributes depends neither on the other nor on routing and load. */
  #sidesOf(candidate: number, group: number, options: readonly number[]): SideFloors[] {
    this.#sidesOfGroup[group] ??= this.#sharedSides(group);
    const known = this.#sidesOfGroup[group];
    if (options.some((option, role) => known[role][option] === undefined)) {
      const found = sidesOf(this.#space.config(candidate), this.#workload, this.#facts);
      options.forEach((option, role) => {
        known[role][option] = found[role];
      });
    }
    return options.map((option, role) => known[role][option]);
  }

  /** One list for all groups that have the engine and the options in common. */
  #sharedSides(group: number): SideFloors[][] {
    const { shared, roles } = this.#space.groups[group];
    const key = Object.entries(shared)
      .filter(([path]) => path.startsWith('engine.'))
      .map(([path, value]) => `${path} ${value}`)
      .join(' ');
    const lists = this.#sides.get(key) ?? new Map<readonly RoleOption[], SideFloors[]>();
    this.#sides.set(key, lists);
    return roles.map((options) => {
      const list = lists.get(options) ?? [];
      lists.set(options, list);
      return list;
    });
  }

  #loadOf(group: number): PredictConfig['traffic'] {
    this.#loads[group] ??= this.#space.configOfGroup(group).traffic;
    return this.#loads[group];
  }

  /** @param result null for a trial that failed. */
  outcome(ask: TrialAsk, result: TrialResult | null): TrialOutcome {
    const { goal, constraints } = this.#config;
    const work = result?.passes ?? 0;
    if (result === null || result.evaluation.status === 'short') return { ...ask, losses: null, margin: 1, work };
    const { report } = result.evaluation;
    return {
      ...ask,
      losses: goal.objectives.map(({ metric, direction }) => lossOf(metricValue(report, metric), direction)),
      margin: marginOf(report, this.#space.config(ask.candidate), constraints, goal.slo),
      work,
    };
  }

  #sizes(candidate: number): { gpus: number[] } {
    const { group, options } = this.#space.place(candidate);
    const { roles } = this.#space.groups[group];
    return { gpus: options.map((option, role) => roles[role][option].gpus ?? 0) };
  }

  #nearOptions(list: readonly RoleOption[], option: number): readonly number[] {
    let near = this.#near.get(list);
    if (near === undefined) {
      near = [];
      this.#near.set(list, near);
    }
    near[option] ??= list.flatMap((other, index) => {
      const moves = movesBetween(list[option].assignment, other.assignment);
      return moves === 1 || (moves === TRADES && other.gpus !== null && other.gpus === list[option].gpus)
        ? [index]
        : [];
    });
    return near[option];
  }

  #coordinatesOf(mode: Scalar): Coordinate[] {
    let coordinates = this.#coordinates.get(mode);
    if (coordinates === undefined) {
      coordinates = domainsOfMode(this.#config, mode as 'aggregated' | 'disaggregated')
        .filter(({ values }) => values.length > 1)
        .map(({ path, values }) => coordinateOf(path, values));
      this.#coordinates.set(mode, coordinates);
    }
    return coordinates;
  }
}

/** Numbers by their logarithm, everything else by one coordinate for each value. */
function coordinateOf(path: string, values: readonly Scalar[]): Coordinate {
  if (values.every((value) => typeof value === 'number' && value >= 0)) {
    const places = values.map((value) => log(1 + Number(value)));
    const [low, high] = [Math.min(...places), Math.max(...places)];
    return {
      path,
      width: 1,
      encode: (value, into, at) => {
        // Where the knob does not apply it is in the middle: another coordinate says so.
        into[at] = value === undefined ? 0.5 : (log(1 + Number(value)) - low) / (high - low);
      },
    };
  }
  return {
    path,
    width: values.length,
    encode: (value, into, at) => {
      const place = values.indexOf(value as Scalar);
      if (place >= 0) into[at + place] = 0.7;
    },
  };
}

/** A coordinate of how a limit is pressed: 0 where it is idle, 1 where it decides. */
function pressed(pressure: number): number {
  return log(Math.max(1, Math.min(PRESSING, pressure))) / log(PRESSING);
}

/** Requests a second; those of a closed loop follow from its slots. */
function rateOf(load: PredictConfig['traffic']['load'], traceRate: number): number {
  if (load.type === 'concurrency') return 0;
  return load.type === 'trace_timestamps' ? traceRate * load.speedup : load.requests_per_second;
}

/** The metric as the sketch has it, whatever the statistic; null where it says nothing. */
function sketched(metric: string, sketch: Sketch, gpus: number, usdPerHour: number): number | null {
  const { ttftMs, tpotMs, e2eMs, outputTokensPerS } = sketch;
  switch (metric) {
    case 'output_tokens_per_s':
      return outputTokensPerS;
    case 'output_tokens_per_s_per_gpu':
      return outputTokensPerS / gpus;
    case 'output_tokens_per_s_per_user':
      return 1000 / tpotMs;
    case 'usd_per_million_output_tokens':
      return usdPerHour / outputTokensPerS;
  }
  const [, latency] = /_(ttft|tpot|itl|e2e)_ms$/.exec(metric) ?? [];
  if (latency === undefined) return null;
  return { ttft: ttftMs, tpot: tpotMs, itl: tpotMs, e2e: e2eMs }[latency as 'ttft' | 'tpot' | 'itl' | 'e2e'];
}

export function lossOf(value: number, direction: Direction): number {
  if (!(value > 0)) return direction === 'minimize' ? -WORST_LOSS : WORST_LOSS;
  const loss = Number.isFinite(value) ? log(value) : WORST_LOSS;
  return direction === 'minimize' ? loss : -loss;
}

/** Knobs that differ; one that applies on one side only comes with another that differs. */
function movesBetween(a: Assignment, b: Assignment): number {
  let moves = 0;
  for (const path of Object.keys(a)) if (b[path] !== undefined && a[path] !== b[path]) moves += 1;
  return moves;
}

/** The option of `list` that sets the same values; lists differ between GPU types. */
function sameOption(list: readonly RoleOption[], from: readonly RoleOption[], option: number): number {
  if (list === from) return option;
  return list.findIndex(({ assignment }) => movesBetween(assignment, from[option].assignment) === 0);
}
