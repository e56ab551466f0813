import { PageNames } from '../../src/kv/pageNames.ts';

/**
 * Texts as lists of token ids, as an engine's own tests have them. Each prefix of a text gets a block id of one token, so
 * pages of any size are named by the whole text before them.
 */
export class Texts {
  readonly #texts: (readonly number[])[] = [];

  /** Returns the number of the request whose context is `tokens`. */
  add(tokens: readonly number[]): number {
    this.#texts.push(tokens);
    return this.#texts.length - 1;
  }

  names(pageTokens: number): PageNames {
    const ids = new Map<string, number>();
    const blockIds: number[] = [];
    const blockOffsets = [0];
    for (const text of this.#texts) {
      let parent = -1;
      for (const token of text) {
        const node = `${parent}/${token}`;
        const id = ids.get(node) ?? ids.size;
        ids.set(node, id);
        blockIds.push(id);
        parent = id;
      }
      blockOffsets.push(blockIds.length);
    }
    const naming = {
      blockTokens: 1,
      blockOffsets: Int32Array.from(blockOffsets),
      blockIds: Int32Array.from(blockIds),
      blockIdCount: ids.size,
    };
    return new PageNames(
      naming,
      Int32Array.from(this.#texts, (text) => text.length),
      pageTokens,
    );
  }
}

/** `count` tokens that no other call gives. */
export function freshTokens(count: number): number[] {
  return Array.from({ length: count }, () => next++);
}

let next = 1_000_000;
