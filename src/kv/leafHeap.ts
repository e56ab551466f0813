/** Numbered leaves by age, the least recently used on top; of equally old ones the one created first. */
export class LeafHeap {
  #leaves = new Int32Array(256);
  #used = new Float64Array(256);
  #created = new Float64Array(256);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(leaf: number, used: number, created: number): void {
    if (this.#size === this.#leaves.length) this.#grow();
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#isBefore(used, created, parent)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, leaf, used, created);
  }

  /** The age with which the top leaf was pushed. */
  get topUsed(): number {
    return this.#used[0];
  }

  pop(): number {
    const top = this.#leaves[0];
    this.#size -= 1;
    const last = this.#size;
    const used = this.#used[last];
    const created = this.#created[last];
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(this.#used[child + 1], this.#created[child + 1], child)) child += 1;
      if (this.#isBefore(used, created, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, this.#leaves[last], used, created);
    return top;
  }

  #isBefore(used: number, created: number, place: number): boolean {
    return used < this.#used[place] || (used === this.#used[place] && created < this.#created[place]);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#leaves[from], this.#used[from], this.#created[from]);
  }

  #put(place: number, leaf: number, used: number, created: number): void {
    this.#leaves[place] = leaf;
    this.#used[place] = used;
    this.#created[place] = created;
  }

  #grow(): void {
    const size = this.#leaves.length * 2;
    const leaves = new Int32Array(size);
    leaves.set(this.#leaves);
    this.#leaves = leaves;
    const used = new Float64Array(size);
    used.set(this.#used);
    this.#used = used;
    const created = new Float64Array(size);
    created.set(this.#created);
    this.#created = created;
  }
}
