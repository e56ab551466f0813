import { GrowableFloat64, GrowableInt32 } from '../base/growable.ts';
import { InputError } from '../base/inputError.ts';
import { clockWarning, readClock } from './clock.ts';
import { makeFloat64Column, makeInt32Column, makeUint8Column, sealWorkload } from './columns.ts';
import { PrefixTree, ROOT } from './prefixTree.ts';
import type { Workload } from './workload.ts';

/** One request as a trace or a generator gives it. */
export interface WorkloadRow {
  /** Authored arrival on any clock, whole ns. May be missing on a session's later rows: they sort behind their turn. */
  readonly arrivalNs?: number;
  /** >= 1 */
  readonly inputTokens: number;
  /** >= 1 */
  readonly outputTokens: number;
  /** >= outputTokens, which it is when left out. */
  readonly maxOutputTokens?: number;
  /** Names of the prompt's blocks, whole numbers below 2^53 in any numbering. Left out: nothing is shared. */
  readonly blockIds?: ArrayLike<number>;
  /** Rows with the same session are turns of one conversation. */
  readonly session?: string;
  /** Later turns: time from the previous turn's completion, whole ns. Left out: the difference of their arrivals. */
  readonly thinkNs?: number;
  readonly className?: string;
  /** Whole, less goes first; 0 when left out. */
  readonly priority?: number;
}

const MAX_TOKENS = 2147483647;
const NO_SESSION = -1;

/** Collects rows in any order and makes the workload of them. */
export class WorkloadBuilder {
  readonly #name: string;
  readonly #blockTokens: number;
  readonly #arrival = new GrowableFloat64();
  readonly #input = new GrowableInt32();
  readonly #output = new GrowableInt32();
  readonly #maxOutput = new GrowableInt32();
  /** NaN: not given. */
  readonly #think = new GrowableFloat64();
  readonly #session = new GrowableInt32();
  readonly #class = new GrowableInt32();
  readonly #priority = new GrowableInt32();
  #hasPriorities = false;
  readonly #rawOffsets = new GrowableInt32();
  readonly #rawIds = new GrowableFloat64();
  readonly #sessions = new Map<string, number>();
  /** Arrival of each session's last row so far. */
  readonly #sessionArrival: number[] = [];
  readonly #classes = new Map<string, number>();
  readonly #warnings: string[] = [];

  /** @param blockTokens tokens one block id names */
  constructor(name: string, blockTokens: number) {
    this.#name = name;
    this.#blockTokens = blockTokens;
    this.#rawOffsets.push(0);
  }

  get count(): number {
    return this.#arrival.length;
  }

  hasSession(session: string): boolean {
    return this.#sessions.has(session);
  }

  warn(sentence: string): void {
    this.#warnings.push(sentence);
  }

  /** Adds one request. Throws Error for values outside WorkloadRow's ranges: readers check what users write. */
  add(row: WorkloadRow): void {
    const maxOutput = row.maxOutputTokens ?? row.outputTokens;
    const lengthsFit =
      isTokenCount(row.inputTokens) &&
      isTokenCount(row.outputTokens) &&
      isTokenCount(maxOutput) &&
      maxOutput >= row.outputTokens;
    if (!lengthsFit)
      throw new Error(`request with ${row.inputTokens} in, ${row.outputTokens} out, ${maxOutput} at most`);
    this.#addArrival(row);
    this.#input.push(row.inputTokens);
    this.#output.push(row.outputTokens);
    this.#maxOutput.push(maxOutput);
    this.#think.push(row.thinkNs ?? Number.NaN);
    this.#class.push(this.#classIndex(row.className ?? 'default'));
    const priority = row.priority ?? 0;
    this.#priority.push(priority);
    if (priority !== 0) this.#hasPriorities = true;
    const ids = row.blockIds;
    if (ids !== undefined) for (let i = 0; i < ids.length; i++) this.#rawIds.push(ids[i]);
    this.#rawOffsets.push(this.#rawIds.length);
  }

  /** Sorts (stably, by arrival), links sessions, names generated text, renumbers ids, and freezes. */
  build(): Workload {
    const order = this.#sortedRows();
    const count = order.length;
    const arrivals = this.#arrival.view();
    const links = this.#linkSessions(order);
    const blocks = this.#numberBlocks(order, links.nextTurn);
    const arrivalNs = makeFloat64Column(count);
    const start = count === 0 ? 0 : arrivals[order[0]];
    for (let i = 0; i < count; i++) arrivalNs[i] = links.isFollowUp[i] === 1 ? -1 : arrivals[order[i]] - start;
    const clock = clockWarning(readClock({ arrivalNs, isFollowUp: links.isFollowUp }));
    return sealWorkload({
      name: this.#name,
      count,
      arrivalNs,
      inputTokens: gather(this.#input.view(), order, makeInt32Column(count)),
      outputTokens: gather(this.#output.view(), order, makeInt32Column(count)),
      maxOutputTokens: gather(this.#maxOutput.view(), order, makeInt32Column(count)),
      blockTokens: this.#blockTokens,
      ...blocks,
      ...links,
      ...(this.#hasPriorities ? { priorities: gather(this.#priority.view(), order, makeInt32Column(count)) } : {}),
      classOf: gather(this.#class.view(), order, makeUint8Column(count)),
      classNames: this.#classes.size === 0 ? ['default'] : [...this.#classes.keys()],
      warnings: clock === null ? [...this.#warnings] : [...this.#warnings, clock],
    });
  }

  #addArrival(row: WorkloadRow): void {
    if (row.session === undefined) {
      if (row.arrivalNs === undefined) throw new Error('a request outside a session needs an arrival');
      this.#arrival.push(row.arrivalNs);
      this.#session.push(NO_SESSION);
      return;
    }
    let session = this.#sessions.get(row.session);
    if (session === undefined) {
      session = this.#sessions.size;
      this.#sessions.set(row.session, session);
    }
    const arrival = row.arrivalNs ?? this.#sessionArrival[session];
    if (arrival === undefined) throw new Error(`the first turn of session ${row.session} needs an arrival`);
    this.#sessionArrival[session] = arrival;
    this.#arrival.push(arrival);
    this.#session.push(session);
  }

  #classIndex(name: string): number {
    let index = this.#classes.get(name);
    if (index === undefined) {
      index = this.#classes.size;
      if (index > 255) throw new InputError({ file: this.#name, message: 'has more than 256 request classes' });
      this.#classes.set(name, index);
    }
    return index;
  }

  #sortedRows(): Int32Array {
    const arrivals = this.#arrival.view();
    const order = Int32Array.from(arrivals, (_, row) => row);
    const isSorted = arrivals.every((time, row) => row === 0 || arrivals[row - 1] <= time);
    return isSorted ? order : order.sort((a, b) => arrivals[a] - arrivals[b] || a - b);
  }

  #linkSessions(order: Int32Array): Pick<Workload, 'nextTurn' | 'isFollowUp' | 'thinkNs'> {
    const arrivals = this.#arrival.view();
    const sessions = this.#session.view();
    const thinks = this.#think.view();
    const nextTurn = makeInt32Column(order.length).fill(-1);
    const isFollowUp = makeUint8Column(order.length);
    const thinkNs = makeFloat64Column(order.length);
    const lastTurn = new Int32Array(this.#sessions.size).fill(-1);
    for (let i = 0; i < order.length; i++) {
      const row = order[i];
      const session = sessions[row];
      if (session === NO_SESSION) continue;
      const previous = lastTurn[session];
      lastTurn[session] = i;
      if (previous < 0) continue;
      nextTurn[previous] = i;
      isFollowUp[i] = 1;
      thinkNs[i] = Number.isNaN(thinks[row]) ? arrivals[row] - arrivals[order[previous]] : thinks[row];
    }
    return { nextTurn, isFollowUp, thinkNs };
  }

  #numberBlocks(order: Int32Array, nextTurn: Int32Array): Pick<Workload, 'blockOffsets' | 'blockIds' | 'blockIdCount'> {
    const { blockOffsets, named } = this.#measureBlocks(order, nextTurn);
    const rawOffsets = this.#rawOffsets.view();
    const rawIds = this.#rawIds.view();
    const ids = new Float64Array(blockOffsets[order.length]);
    // Last turns first: what a turn takes from the next one is then final.
    for (let i = order.length - 1; i >= 0; i--) {
      const to = blockOffsets[i];
      if (named[i] === 1) {
        const from = blockOffsets[nextTurn[i]];
        ids.copyWithin(to, from, from + blockOffsets[i + 1] - to);
      } else {
        ids.set(rawIds.subarray(rawOffsets[order[i]], rawOffsets[order[i] + 1]), to);
      }
    }
    const tree = new PrefixTree();
    const blockIds = makeInt32Column(ids.length);
    for (let i = 0; i < order.length; i++) {
      let node = ROOT;
      for (let at = blockOffsets[i]; at < blockOffsets[i + 1]; at++) {
        node = tree.child(node, ids[at]);
        blockIds[at] = node;
      }
    }
    return { blockOffsets, blockIds, blockIdCount: tree.size };
  }

  /** How many ids each request ends up with, and whether the next turn names them (1) or it keeps its own (0). */
  #measureBlocks(order: Int32Array, nextTurn: Int32Array): { blockOffsets: Int32Array; named: Uint8Array } {
    const rawOffsets = this.#rawOffsets.view();
    const blockOffsets = makeInt32Column(order.length + 1);
    const named = new Uint8Array(order.length);
    for (let i = 0; i < order.length; i++) {
      const row = order[i];
      let length = rawOffsets[row + 1] - rawOffsets[row];
      const next = nextTurn[i];
      if (next >= 0) {
        const continued = this.#blocksNamedByNext(row, order[next]);
        if (continued > 0) {
          length = continued;
          named[i] = 1;
        }
      }
      blockOffsets[i + 1] = blockOffsets[i] + length;
    }
    return { blockOffsets, named };
  }

  /**
   * Blocks of this turn's prompt and generated text that are blocks of the next turn's prompt: all of them when the next
   * prompt reaches past the end of this turn's text, its full ones when it stops short of it. 0 when the next prompt does
   * not continue this one. Ids cannot tell a client that sends the answer back from one that sends something else in its
   * place (say, without the reasoning): a prompt that goes on is taken to contain the answer.
   */
  #blocksNamedByNext(row: number, next: number): number {
    const input = this.#input.view();
    const output = this.#output.view();
    const rawOffsets = this.#rawOffsets.view();
    const ids = this.#rawIds.view();
    const own = rawOffsets[row];
    const other = rawOffsets[next];
    const ownCount = rawOffsets[row + 1] - own;
    const otherCount = rawOffsets[next + 1] - other;
    const fullBlocks = Math.floor(input[row] / this.#blockTokens);
    if (ownCount === 0 || input[next] < input[row] || ownCount < fullBlocks || otherCount < fullBlocks) return 0;
    for (let i = 0; i < fullBlocks; i++) if (ids[own + i] !== ids[other + i]) return 0;
    const text = input[row] + output[row];
    const reach =
      text <= input[next] ? Math.ceil(text / this.#blockTokens) : Math.floor(input[next] / this.#blockTokens);
    const named = Math.min(reach, otherCount);
    return named > fullBlocks ? named : 0;
  }
}

function isTokenCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MAX_TOKENS;
}

function gather<Column extends Int32Array | Uint8Array>(from: Int32Array, order: Int32Array, into: Column): Column {
  for (let i = 0; i < order.length; i++) into[i] = from[order[i]];
  return into;
}
