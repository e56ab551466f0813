/** What a deployment is expected to do, in closed form: wrong in detail, right in shape. Never a bound, never an answer. */
import { NS_PER_MS, NS_PER_S } from '../base/units.ts';
import type { Role } from '../cluster/scenario.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { PassShape } from '../timing/passShape.ts';
import type { StepTimer } from '../timing/stepTimer.ts';
import type { Workload } from '../workload/workload.ts';

/** The replicas of one role, as far as a sketch of them goes. */
export interface SketchSide {
  readonly role: Role;
  readonly replicas: number;
  readonly gpus: number;
  readonly timer: StepTimer;
  /** Of one replica. */
  readonly maxSequences: number;
  readonly maxBatchedTokens: number;
  readonly kvTokens: number;
  readonly reusesPrefixes: boolean;
}

/** Means over the requests of a workload. */
export interface MeanRequest {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Share of prompt blocks that no prompt before had. */
  readonly novelShare: number;
}

export interface Sketch {
  readonly ttftMs: number;
  readonly tpotMs: number;
  readonly e2eMs: number;
  /** Of all replicas. */
  readonly outputTokensPerS: number;
  /** Sequences that decode in one replica. */
  readonly batch: number;
  /** Work offered over what the fleet can do; at most 1 in a closed loop. */
  readonly utilisation: number;
  readonly pressures: Pressures;
}

/** What would be used at peaks if there were no limit, over what there is: below 1 the limit is idle. */
export interface Pressures {
  readonly sequences: number;
  readonly kv: number;
  readonly passTokens: number;
}

const MOST_UTILISATION = 4;
/** What is taken to be used at peaks, over the mean; of a closed loop's slots only their uneven share counts. */
const PEAK = 4;
const CLOSED_PEAK = 1.25;
const NEARLY_ALL = 0.999;
/** Of one replica, where nothing limits them. */
const MOST_ROWS = 8192;
/** Queueing beyond this utilisation is no longer that of a steady state. */
const BUSIEST = 0.95;

export function meanRequestOf(workload: Workload): MeanRequest {
  const { count, blockIds, blockIdCount } = workload;
  const mean = (tokens: Int32Array): number => tokens.reduce((sum, each) => sum + each, 0) / count;
  return {
    inputTokens: mean(workload.inputTokens),
    outputTokens: mean(workload.outputTokens),
    novelShare: blockIds.length === 0 ? 1 : blockIdCount / blockIds.length,
  };
}

/**
 * Every replica gets its share of the load and turns mean requests over in passes that carry, for each of its b decodes,
 * 1/outputTokens of a prompt. Closed loop: b is the replica's share of the slots, as far as slots and pages go. Open: b is
 * what arrives in the time a request decodes (Little's law).
 * @param requestsPerS of an open loop, all replicas together; unused in a closed one.
 */
export function sketchOf(
  sides: readonly SketchSide[],
  load: PredictConfig['traffic']['load'],
  requestsPerS: number,
  mean: MeanRequest,
): Sketch {
  const first = sides.find(({ role }) => role !== 'decode')!;
  const last = sides.find(({ role }) => role !== 'prefill')!;
  const together = first === last;
  const prompt = Math.max(1, mean.inputTokens * (first.reusesPrefixes ? mean.novelShare : 1));
  const output = Math.max(1, mean.outputTokens);
  const prompts = new PassesOf(first, mean.inputTokens);
  const decodes = new PassesOf(last, mean.inputTokens + output / 2);
  const mostRows = Math.max(
    1,
    Math.min(last.maxSequences, last.kvTokens / (mean.inputTokens + output), last.maxBatchedTokens),
  );
  const perRow = together ? prompt / output : 0;
  const most = decodes.tokensPerNs(mostRows, perRow);
  const slots = load.type === 'concurrency' ? load.concurrency / last.replicas : null;
  const offered = slots === null ? (requestsPerS * output) / NS_PER_S / last.replicas : 0;
  const rows = slots === null ? decodes.rowsFor(offered, perRow, mostRows) : Math.min(slots, mostRows);
  const passNs = decodes.passNs(rows, perRow);
  const rate = slots === null ? Math.min(offered, most) : decodes.tokensPerNs(rows, perRow);
  const promptNs = prompts.promptNs(prompt, together ? rows : 0);
  const prefilling = together ? 0 : (((rate * last.replicas) / output) * promptNs) / first.replicas;
  const utilisation = Math.min(MOST_UTILISATION, slots === null ? Math.max(offered / most, prefilling) : 1);
  const busy = Math.min(BUSIEST, utilisation);
  const queueNs = slots === null ? (promptNs * busy) / (1 - busy) : (Math.max(0, slots - rows) * output) / rate;
  const wanted = slots ?? decodes.rowsFor(offered, perRow, MOST_ROWS);
  const pressures = {
    // Clients of a closed loop cannot come all at once where there are few.
    sequences: ((slots === null ? PEAK : CLOSED_PEAK) * wanted) / last.maxSequences,
    kv: (PEAK * wanted * (mean.inputTokens + output)) / last.kvTokens,
    passTokens: (PEAK * Math.max(prompt, together ? wanted * (1 + perRow) : 0)) / first.maxBatchedTokens,
  };
  const ttftNs = promptNs + queueNs;
  const tpotNs = Math.max(passNs, rows / Math.max(rate, Number.MIN_VALUE));
  return {
    ttftMs: ttftNs / NS_PER_MS,
    tpotMs: tpotNs / NS_PER_MS,
    e2eMs: (ttftNs + (output - 1) * tpotNs) / NS_PER_MS,
    outputTokensPerS: rate * last.replicas * NS_PER_S,
    batch: rows,
    utilisation,
    pressures,
  };
}

/** Paths of knobs that are expected to change nothing: limits far above what is wanted, caches of what never comes again. */
export function idleKnobs({ sequences, kv }: Pressures, { novelShare }: MeanRequest): Set<string> {
  const never = novelShare >= NEARLY_ALL;
  const idle = [
    ...(sequences < 1 ? ['scheduler.max_sequences'] : []),
    ...(never ? ['kv_cache.prefix_caching'] : []),
    ...(never && kv < 1 ? ['kv_cache.capacity.memory_fraction'] : []),
  ];
  return new Set(idle.flatMap((field) => ['aggregated', 'decode'].map((role) => `engine.workers.${role}.${field}`)));
}

/** Durations of passes of one replica. */
class PassesOf {
  readonly #side: SketchSide;
  readonly #context: number;
  readonly #shape: PassShape;

  constructor(side: SketchSide, context: number) {
    this.#side = side;
    this.#context = Math.round(context);
    this.#shape = new PassShape(side.timer.window);
  }

  /** @param perRow prompt tokens that come with each decoded one, as far as the batch has room. */
  passNs(rows: number, perRow: number): number {
    return this.#ns(rows, this.#chunkOf(rows, perRow));
  }

  /** What a replica decodes; prompts that find no room in the batch hold it up. */
  tokensPerNs(rows: number, perRow: number): number {
    const chunk = this.#chunkOf(rows, perRow);
    return (perRow === 0 ? rows : Math.min(rows, chunk / perRow)) / this.#ns(rows, chunk);
  }

  /** The batch that decodes `tokensPerNs`, or `most`. */
  rowsFor(tokensPerNs: number, perRow: number, most: number): number {
    let rows = 1;
    for (let step = 0; step < 40; step++) {
      const next = Math.min(most, Math.max(1, tokensPerNs * this.passNs(rows, perRow)));
      if (Math.abs(next - rows) < 0.01 * rows) return next;
      rows = next;
    }
    return rows;
  }

  /** Until a prompt is through, in passes that decode `rows` as well. */
  promptNs(tokens: number, rows: number): number {
    const room = Math.max(1, this.#side.maxBatchedTokens - rows);
    const passes = Math.ceil(tokens / room);
    return passes * this.#ns(rows, tokens / passes);
  }

  #chunkOf(rows: number, perRow: number): number {
    return Math.min(rows * perRow, Math.max(1, this.#side.maxBatchedTokens - rows));
  }

  #ns(rows: number, chunk: number): number {
    const shape = this.#shape;
    shape.clear();
    const decodes = Math.round(rows);
    const context = decodes * this.#context;
    if (decodes > 0) {
      const { window } = this.#side.timer;
      shape.setDecodes(decodes, context, window === 0 ? context : decodes * Math.min(this.#context, window));
    }
    const tokens = Math.max(decodes > 0 ? 0 : 1, Math.round(chunk));
    if (tokens > 0) shape.addChunk(0, tokens, false);
    return this.#side.timer.passNs(shape);
  }
}
