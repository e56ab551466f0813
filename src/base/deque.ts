/** A double-ended queue on a ring: push and shift at either end in O(1). */
export class Deque<T> {
  #ring: (T | undefined)[] = new Array(16);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The element `index` places behind the front, 0 <= index < size. */
  at(index: number): T {
    return this.#ring[(this.#head + index) & (this.#ring.length - 1)] as T;
  }

  pushBack(value: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = value;
    this.#size += 1;
  }

  pushFront(value: T): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = value;
    this.#size += 1;
  }

  /** Puts the value `index` places behind the front, 0 <= index <= size, in O(n). */
  insert(index: number, value: T): void {
    this.pushBack(value);
    for (let place = this.#size - 1; place > index; place--) this.#put(place, this.at(place - 1));
    this.#put(index, value);
  }

  /** Removes and returns the front; the queue must not be empty. */
  popFront(): T {
    const value = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size -= 1;
    return value;
  }

  /** Removes and returns the back; the queue must not be empty. */
  popBack(): T {
    const place = (this.#head + this.#size - 1) & (this.#ring.length - 1);
    const value = this.#ring[place] as T;
    this.#ring[place] = undefined;
    this.#size -= 1;
    return value;
  }

  /** Removes an element that is in it, in O(n). */
  remove(value: T): void {
    const kept = Array.from({ length: this.#size }, () => this.popFront()).filter((element) => element !== value);
    for (const element of kept) this.pushBack(element);
  }

  #put(index: number, value: T): void {
    this.#ring[(this.#head + index) & (this.#ring.length - 1)] = value;
  }

  #grow(): void {
    const grown: (T | undefined)[] = new Array(this.#ring.length * 2);
    for (let index = 0; index < this.#size; index++) grown[index] = this.at(index);
    this.#ring = grown;
    this.#head = 0;
  }
}
