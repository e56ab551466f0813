/** The node before any content. */
export const ROOT = -1;

/**
 * Numbers block ids as nodes of their prefix tree: the same raw id after another prefix is other content and another
 * node. Nodes count from 0 in order of first appearance. An open-addressing hash table over typed arrays.
 */
export class PrefixTree {
  /** Node + 1 in each slot, 0 = free; a power of two, at most half full. */
  #slots = new Int32Array(8192);
  #parents = new Int32Array(4096);
  #rawIds = new Float64Array(4096);
  #size = 0;

  /** Nodes so far. */
  get size(): number {
    return this.#size;
  }

  /** The node of `rawId` (a whole number up to 2^53) below `parent`, made if new. */
  child(parent: number, rawId: number): number {
    if (this.#size === this.#parents.length) this.#grow();
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(parent, rawId) & mask;
    for (let node = slots[slot] - 1; node >= 0; node = slots[slot] - 1) {
      if (this.#parents[node] === parent && this.#rawIds[node] === rawId) return node;
      slot = (slot + 1) & mask;
    }
    const node = this.#size;
    slots[slot] = node + 1;
    this.#parents[node] = parent;
    this.#rawIds[node] = rawId;
    this.#size += 1;
    return node;
  }

  #grow(): void {
    const parents = new Int32Array(this.#size * 2);
    const rawIds = new Float64Array(this.#size * 2);
    const slots = new Int32Array(this.#size * 4);
    parents.set(this.#parents);
    rawIds.set(this.#rawIds);
    const mask = slots.length - 1;
    for (let node = 0; node < this.#size; node++) {
      let slot = hash(parents[node], rawIds[node]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = node + 1;
    }
    this.#parents = parents;
    this.#rawIds = rawIds;
    this.#slots = slots;
  }
}

function hash(parent: number, rawId: number): number {
  let mixed = Math.imul(parent + 1, 0x9e3779b1) ^ Math.imul(rawId | 0, 0x85ebca6b);
  mixed ^= Math.imul(Math.floor(rawId / 4294967296), 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
