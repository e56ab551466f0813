import type { CapacityPolicy } from './trtllmConfig.ts';

/** What the capacity scheduler asks of a request (capacityScheduler.cpp at 08c2acfa). Counts are KV blocks. */
export interface CapacityView<T> {
  /** `loading`: its KV is on the way from a context server, and the blocks for it are taken. */
  stateOf(item: T): 'toLoad' | 'loading' | 'context' | 'generation';
  /** A context has its blocks since its first chunk was scheduled. */
  hasBlocks(item: T): boolean;
  /** What it may still need until it has generated all it may. */
  blocksToEnd(item: T): number;
  /** What its next step needs. */
  blocksOfStep(item: T): number;
  /** It may lose its KV now. */
  mayPause(item: T): boolean;
  /** Name of the first block of its prompt that is not cached; null if no other request can wait for it. */
  newBlock(item: T): string | null;
}

/** The KV pool: cached blocks nobody holds are free. */
export interface CapacityPool<T> {
  freeBlocks(): number;
  /** Takes the request's blocks away. */
  pause(item: T): void;
}

/** Requests of `active`, which is in the order of activation, that fit the KV pool, in the order in which they may run. */
export function fitCapacity<T>(
  policy: CapacityPolicy,
  active: readonly T[],
  maxRequests: number,
  view: CapacityView<T>,
  pool: CapacityPool<T>,
): T[] {
  if (policy === 'MAX_UTILIZATION') return fitMaxUtilization(active, maxRequests, view, pool);
  return fitWithoutEviction(policy === 'STATIC_BATCH', active, maxRequests, view, pool.freeBlocks());
}

/**
 * First blocks that somebody is about to compute: who starts with the same one waits a step, so that it finds it cached.
 */
class NewBlocks<T> {
  readonly #names = new Set<string>();
  readonly #view: CapacityView<T>;

  constructor(active: readonly T[], view: CapacityView<T>) {
    this.#view = view;
    for (const item of active) if (view.stateOf(item) === 'context' && view.hasBlocks(item)) this.add(item);
  }

  add(item: T): void {
    const name = this.#view.newBlock(item);
    if (name !== null) this.#names.add(name);
  }

  has(item: T): boolean {
    if (this.#names.size === 0 || this.#view.stateOf(item) !== 'context' || this.#view.hasBlocks(item)) return false;
    const name = this.#view.newBlock(item);
    return name !== null && this.#names.has(name);
  }
}

/** Whoever runs has blocks until its end, so nobody is ever stopped. A static batch is filled only when it has run empty. */
function fitWithoutEviction<T>(
  isStatic: boolean,
  active: readonly T[],
  maxRequests: number,
  view: CapacityView<T>,
  freeBlocks: number,
): T[] {
  const fitting: T[] = [];
  let free = freeBlocks;
  for (const item of active) {
    if (fitting.length >= maxRequests) break;
    const state = view.stateOf(item);
    if (state === 'loading') free -= view.blocksToEnd(item);
    if (state !== 'generation') continue;
    fitting.push(item);
    free -= view.blocksToEnd(item);
  }
  if (isStatic && fitting.length > 0) return fitting;
  const newBlocks = isStatic ? null : new NewBlocks(active, view);
  const contexts = active.filter((item) => view.stateOf(item) === 'context');
  // In the real list one that waited for cached blocks can stand in the way of a later one that has begun, for ever.
  const pending = [
    ...contexts.filter((item) => view.hasBlocks(item)),
    ...active.filter((item) => view.stateOf(item) === 'toLoad'),
    ...contexts.filter((item) => !view.hasBlocks(item)),
  ];
  for (const item of pending) {
    if (newBlocks?.has(item)) continue;
    if (fitting.length >= maxRequests || view.blocksToEnd(item) > free) break;
    fitting.push(item);
    free -= view.blocksToEnd(item);
    if (view.stateOf(item) === 'context' && !view.hasBlocks(item)) newBlocks?.add(item);
  }
  return fitting;
}

/** As many as find blocks for one step; who does not takes them from the one started last. */
function fitMaxUtilization<T>(
  active: readonly T[],
  maxRequests: number,
  view: CapacityView<T>,
  pool: CapacityPool<T>,
): T[] {
  const fitting: T[] = [];
  const newBlocks = new NewBlocks(active, view);
  let needed = 0;
  let end = active.length;
  for (let at = 0; at < end; ) {
    const item = active[at];
    if (view.stateOf(item) === 'loading' || newBlocks.has(item)) {
      at += 1;
      continue;
    }
    const blocks = view.blocksOfStep(item);
    if (fitting.length < maxRequests && needed + blocks <= pool.freeBlocks()) {
      if (view.stateOf(item) === 'context' && !view.hasBlocks(item)) newBlocks.add(item);
      fitting.push(item);
      needed += blocks;
      at += 1;
      continue;
    }
    let victim = end - 1;
    while (victim >= at && !view.mayPause(active[victim])) victim -= 1;
    if (victim < at) break;
    pool.pause(active[victim]);
    end = victim;
  }
  // A context can be ahead of a generation only if it waited for cached blocks.
  const isGeneration = (item: T): boolean => view.stateOf(item) === 'generation';
  return [...fitting.filter(isGeneration), ...fitting.filter((item) => !isGeneration(item))];
}
