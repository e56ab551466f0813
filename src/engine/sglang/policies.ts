import type { RandomStream } from '../../base/random.ts';
import type { PageNames } from '../../kv/pageNames.ts';
import type { SglangPolicy } from './sglangConfig.ts';

/** Longer queues are left in order: matching all of them costs the scheduler too much. */
const LONGEST_MATCHED_QUEUE = 128;
/** A request that the tree knows less of than this, and an earlier one in the queue more, waits for that one. */
const IN_BATCH_TOKENS = 32;

/** What a policy asks of a waiting request. */
export interface Queued {
  readonly request: number;
  /** Prompt and generated tokens. */
  readonly knownTokens: number;
  readonly maxNewTokens: number;
}

/** The tree as policies see it. */
export interface PolicyTree<Node> {
  /** Leading cached pages of the request, at most `limit`; they end in `matched`. Counts as a use of them. */
  match(request: number, limit: number): number;
  readonly matched: Node;
  /** null for the root. */
  parentOf(node: Node): Node | null;
  /** Increases in the order in which siblings came to their parent. */
  bornOf(node: Node): number;
}

/** Puts the waiting requests in the order in which they are tried (SchedulePolicy.calc_priority); the order stays. */
export function orderWaiting<T extends Queued, Node>(
  policy: SglangPolicy,
  waiting: T[],
  names: PageNames,
  tree: PolicyTree<Node> | null,
  random: RandomStream,
): void {
  switch (policy) {
    case 'fcfs':
      return;
    case 'lpm':
      if (tree !== null && waiting.length <= LONGEST_MATCHED_QUEUE) byLongestPrefix(waiting, names, tree);
      return;
    case 'dfs-weight':
      if (tree !== null) byDepthFirst(waiting, names, tree);
      return;
    case 'lof':
      waiting.sort((a, b) => b.maxNewTokens - a.maxNewTokens);
      return;
    case 'random':
      shuffle(waiting, random);
  }
}

/** Pages that may be found of a request: its last known token is always computed. */
export function pagesToMatch({ knownTokens }: Pick<Queued, 'knownTokens'>, names: PageNames): number {
  return names.pagesIn(knownTokens - 1);
}

function byLongestPrefix<T extends Queued, Node>(waiting: T[], names: PageNames, tree: PolicyTree<Node>): void {
  const keys = new Map<T, number>();
  const firsts: T[] = [];
  for (const queued of waiting) {
    const cached = tree.match(queued.request, pagesToMatch(queued, names)) * names.pageTokens;
    let key = -cached;
    if (cached <= IN_BATCH_TOKENS) {
      const shared = (other: T): number =>
        Math.min(names.commonTokens(queued.request, other.request), queued.knownTokens - 1, other.knownTokens - 1);
      if (firsts.some((other) => shared(other) >= IN_BATCH_TOKENS)) key = Number.POSITIVE_INFINITY;
      else firsts.push(queued);
    }
    keys.set(queued, key);
  }
  waiting.sort((a, b) => {
    const left = keys.get(a)!;
    const right = keys.get(b)!;
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

function byDepthFirst<T extends Queued, Node>(waiting: T[], names: PageNames, tree: PolicyTree<Node>): void {
  const ending = new Map<Node, T[]>();
  for (const queued of waiting) {
    tree.match(queued.request, pagesToMatch(queued, names));
    const node = tree.matched;
    const others = ending.get(node);
    if (others === undefined) ending.set(node, [queued]);
    else others.push(queued);
  }
  const weight = new Map<Node, number>();
  const children = new Map<Node, Node[]>();
  let root: Node | null = null;
  for (const [end, queued] of ending) {
    for (let node: Node | null = end; node !== null; node = tree.parentOf(node)) {
      const before: number | undefined = weight.get(node);
      weight.set(node, (before ?? 0) + queued.length);
      const parent = tree.parentOf(node);
      if (parent === null) root = node;
      else if (before === undefined) children.set(parent, [...(children.get(parent) ?? []), node]);
    }
  }
  waiting.length = 0;
  const visit = (node: Node): void => {
    const below = children.get(node) ?? [];
    below.sort((a, b) => weight.get(b)! - weight.get(a)! || tree.bornOf(a) - tree.bornOf(b));
    for (const child of below) visit(child);
    waiting.push(...(ending.get(node) ?? []));
  };
  if (root !== null) visit(root);
}

function shuffle<T>(items: T[], random: RandomStream): void {
  for (let index = items.length - 1; index > 0; index--) {
    const other = random.integer(0, index);
    [items[index], items[other]] = [items[other], items[index]];
  }
}
