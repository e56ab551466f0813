/** One physical block. `key`: by which lookups find it; null for scratch and for the null block. */
export interface Block {
  readonly id: number;
  key: string | null;
  holders: number;
}

/**
 * vLLM's block pool (block_pool.py at 017e9f4), block by block and with plain arrays: the slow statement of what the fast
 * pools must do. A block that is freed keeps its key until it is handed out again.
 */
export class BlockPool {
  readonly usable: number;
  /** Cached blocks thrown out to make room, so far. */
  evicted = 0;
  /** Is told of them, by key. */
  dropped: ((key: string) => void) | null = null;
  /** Block 0, which stands for blocks that are not there. */
  readonly nothing: Block;
  readonly blocks: readonly Block[];
  readonly #unhashedFirst: boolean;
  /** Next to be handed out first. */
  #free: Block[];
  /** Copies under each key, first published first. */
  readonly #cached = new Map<string, Block[]>();

  constructor(blocks: number, unhashedFreedFirst: boolean) {
    this.blocks = Array.from({ length: blocks }, (_, id): Block => ({ id, key: null, holders: 0 }));
    this.nothing = this.blocks[0];
    this.usable = blocks - 1;
    this.#free = this.blocks.slice(1);
    this.#unhashedFirst = unhashedFreedFirst;
  }

  get free(): number {
    return this.#free.length;
  }

  /** Ids in the order in which they would be handed out. */
  get freeIds(): number[] {
    return this.#free.map(({ id }) => id);
  }

  /** The copy under this key that was published first, of those still there. */
  find(key: string): Block | null {
    return this.#cached.get(key)?.[0] ?? null;
  }

  take(count: number): Block[] {
    if (count > this.#free.length) throw new Error('took more blocks than are free');
    const taken = this.#free.splice(0, count);
    for (const block of taken) {
      const { key } = block;
      this.forget(block);
      if (key !== null) {
        this.evicted += 1;
        this.dropped?.(key);
      }
      block.holders = 1;
    }
    return taken;
  }

  /** One holder more for each. */
  touch(blocks: readonly Block[]): void {
    for (const block of blocks) {
      if (block === this.nothing) continue;
      if (block.holders === 0) this.#free.splice(this.#free.indexOf(block), 1);
      block.holders += 1;
    }
  }

  /** One holder fewer for each; those without any queue up in the order given. */
  release(blocks: readonly Block[]): void {
    const idle: Block[] = [];
    for (const block of blocks) {
      if (block === this.nothing) continue;
      block.holders -= 1;
      if (block.holders === 0) idle.push(block);
    }
    if (!this.#unhashedFirst) {
      this.#free.push(...idle);
      return;
    }
    this.#free = [...idle.filter(({ key }) => key === null), ...this.#free, ...idle.filter(({ key }) => key !== null)];
  }

  publish(block: Block, key: string): void {
    block.key = key;
    const copies = this.#cached.get(key);
    if (copies === undefined) this.#cached.set(key, [block]);
    else copies.push(block);
  }

  /** A block loses its key. */
  forget(block: Block): void {
    if (block.key === null) return;
    const copies = this.#cached.get(block.key)!;
    copies.splice(copies.indexOf(block), 1);
    if (copies.length === 0) this.#cached.delete(block.key);
    block.key = null;
  }
}
