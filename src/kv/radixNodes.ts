const NONE = -1;

/** The nodes of a radix tree as columns; numbers of deleted nodes are given out again. Node 0 is the root. */
export class RadixNodes {
  parent = new Int32Array(64);
  /** A request whose pages, from the parent's end to the node's own, the node stands for; and that end. */
  sample = new Int32Array(64);
  end = new Int32Array(64);
  children = new Int32Array(64);
  /** The child that goes on inside the segment in which the node ends. */
  rest = new Int32Array(64);
  /** Requests that use the node or one below it. */
  locks = new Int32Array(64);
  /** When it was used last, created, and came to its place under its parent: counts, not times. */
  used = new Float64Array(64);
  created = new Float64Array(64);
  born = new Float64Array(64);
  /** 1: queued for eviction. */
  queued = new Uint8Array(64);
  #count = 0;
  readonly #spare: number[] = [];

  add(parent: number, sample: number, end: number, used: number, created: number): number {
    const node = this.#spare.pop() ?? this.#count++;
    if (node === this.parent.length) this.#grow();
    this.parent[node] = parent;
    this.sample[node] = sample;
    this.end[node] = end;
    this.children[node] = 0;
    this.rest[node] = NONE;
    this.locks[node] = 0;
    this.used[node] = used;
    this.created[node] = created;
    this.born[node] = created;
    this.queued[node] = 0;
    return node;
  }

  drop(node: number): void {
    this.#spare.push(node);
  }

  /** First page of the node. */
  start(node: number): number {
    return this.end[this.parent[node]];
  }

  #grow(): void {
    const size = this.parent.length * 2;
    const ints = (column: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(size);
      grown.set(column);
      return grown;
    };
    const floats = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(size);
      grown.set(column);
      return grown;
    };
    this.parent = ints(this.parent);
    this.sample = ints(this.sample);
    this.end = ints(this.end);
    this.children = ints(this.children);
    this.rest = ints(this.rest);
    this.locks = ints(this.locks);
    this.used = floats(this.used);
    this.created = floats(this.created);
    this.born = floats(this.born);
    const queued = new Uint8Array(size);
    queued.set(this.queued);
    this.queued = queued;
  }
}
