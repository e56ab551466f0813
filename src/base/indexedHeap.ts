/**
 * A min-heap of numbered slots, each holding at most one key that is updated in place: the next event of every worker.
 * Keys compare by time, then by kind, then by slot number, so the order is total. Infinity = nothing pending.
 */
export class IndexedHeap {
  #times: Float64Array;
  #kinds: Uint8Array;
  #heap: Int32Array;
  #places: Int32Array;

  constructor(slots: number) {
    this.#times = new Float64Array(slots).fill(Number.POSITIVE_INFINITY);
    this.#kinds = new Uint8Array(slots);
    this.#heap = Int32Array.from({ length: slots }, (_, slot) => slot);
    this.#places = Int32Array.from({ length: slots }, (_, slot) => slot);
  }

  /** One more slot, numbered after the others, with nothing pending. */
  addSlot(): void {
    const slot = this.#times.length;
    this.#times = Float64Array.from({ length: slot + 1 }, (_, at) => this.#times[at] ?? Number.POSITIVE_INFINITY);
    this.#kinds = Uint8Array.from({ length: slot + 1 }, (_, at) => this.#kinds[at] ?? 0);
    this.#heap = Int32Array.from({ length: slot + 1 }, (_, at) => this.#heap[at] ?? slot);
    this.#places = Int32Array.from({ length: slot + 1 }, (_, at) => this.#places[at] ?? slot);
    this.#siftUp(slot);
  }

  get topSlot(): number {
    return this.#heap[0];
  }

  get topTime(): number {
    return this.#times[this.#heap[0]];
  }

  get topKind(): number {
    return this.#kinds[this.#heap[0]];
  }

  /** Sets a slot's next event. */
  update(slot: number, time: number, kind: number): void {
    if (this.#times[slot] === time && this.#kinds[slot] === kind) return;
    this.#times[slot] = time;
    this.#kinds[slot] = kind;
    const place = this.#siftUp(this.#places[slot]);
    this.#siftDown(place);
  }

  #before(a: number, b: number): boolean {
    const difference = this.#times[a] - this.#times[b];
    // Infinity - Infinity is NaN: idle slots fall through to the tie-breaks, which is as good an order as any.
    if (difference < 0) return true;
    if (difference > 0) return false;
    if (this.#kinds[a] !== this.#kinds[b]) return this.#kinds[a] < this.#kinds[b];
    return a < b;
  }

  #siftUp(start: number): number {
    let place = start;
    const slot = this.#heap[place];
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const other = this.#heap[parent];
      if (!this.#before(slot, other)) break;
      this.#put(place, other);
      place = parent;
    }
    this.#put(place, slot);
    return place;
  }

  #siftDown(start: number): void {
    let place = start;
    const slot = this.#heap[place];
    const size = this.#heap.length;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(this.#heap[child + 1], this.#heap[child])) child += 1;
      if (!this.#before(this.#heap[child], slot)) break;
      this.#put(place, this.#heap[child]);
      place = child;
    }
    this.#put(place, slot);
  }

  #put(place: number, slot: number): void {
    this.#heap[place] = slot;
    this.#places[slot] = place;
  }
}
