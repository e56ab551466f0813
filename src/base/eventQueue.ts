/** A min-heap of (time, kind, id) in parallel typed arrays: the odd timers that belong to no worker. The order is total. */
export class EventQueue {
  #times = new Float64Array(64);
  #kinds = new Uint8Array(64);
  #ids = new Int32Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Infinity when empty. */
  get topTime(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0];
  }

  get topKind(): number {
    return this.#kinds[0];
  }

  get topId(): number {
    return this.#ids[0];
  }

  push(time: number, kind: number, id: number): void {
    if (this.#size === this.#times.length) this.#grow();
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#keyBefore(time, kind, id, parent)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#set(place, time, kind, id);
  }

  pop(): void {
    const last = --this.#size;
    if (last === 0) return;
    const time = this.#times[last];
    const kind = this.#kinds[last];
    const id = this.#ids[last];
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= last) break;
      if (
        child + 1 < last &&
        this.#keyBefore(this.#times[child + 1], this.#kinds[child + 1], this.#ids[child + 1], child)
      )
        child += 1;
      if (this.#keyBefore(time, kind, id, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#set(place, time, kind, id);
  }

  #keyBefore(time: number, kind: number, id: number, place: number): boolean {
    if (time !== this.#times[place]) return time < this.#times[place];
    if (kind !== this.#kinds[place]) return kind < this.#kinds[place];
    return id < this.#ids[place];
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#times[from], this.#kinds[from], this.#ids[from]);
  }

  #set(place: number, time: number, kind: number, id: number): void {
    this.#times[place] = time;
    this.#kinds[place] = kind;
    this.#ids[place] = id;
  }

  #grow(): void {
    const size = this.#times.length * 2;
    const times = new Float64Array(size);
    const kinds = new Uint8Array(size);
    const ids = new Int32Array(size);
    times.set(this.#times);
    kinds.set(this.#kinds);
    ids.set(this.#ids);
    this.#times = times;
    this.#kinds = kinds;
    this.#ids = ids;
  }
}
