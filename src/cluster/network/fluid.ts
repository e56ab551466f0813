import { NS_PER_S } from '../../base/units.ts';

/** Something bytes flow through. Links are told apart by identity. */
export interface Link {
  readonly name: string;
  /** Bytes a second, one direction, when all is well; Infinity = never in the way. */
  readonly bytesPerS: number;
  /** The same as of now. */
  nowBytesPerS: number;
  /** What went through it, and how long anything did. */
  bytes: number;
  busyNs: number;
  /** Transfers on it now, and since when there have been any. */
  flows: number;
  busySinceNs: number;
}

export function linkOf(name: string, bytesPerS: number): Link {
  return { name, bytesPerS, nowBytesPerS: bytesPerS, bytes: 0, busyNs: 0, flows: 0, busySinceNs: 0 };
}

interface Flow {
  readonly id: number;
  readonly links: readonly Link[];
  readonly limitBytesPerS: number;
  readonly bytes: number;
  /** Left at `sinceNs`, when its present rate began. */
  leftBytes: number;
  sinceNs: number;
  bytesPerS: number;
  endNs: number;
}

/**
 * Transfers that share links by max-min fairness, as a fluid: the rates hold until a transfer begins or ends. A transfer
 * whose rate never changes ends after exactly its bytes over its rate, rounded once.
 */
export class Fluid {
  readonly #flows: Flow[] = [];
  /** When the next transfer ends, and which one; Infinity when there is none. */
  nextNs = Number.POSITIVE_INFINITY;
  nextId = -1;

  /** Begins a transfer over `links`, at most at `limitBytesPerS`. */
  begin(id: number, bytes: number, links: readonly Link[], limitBytesPerS: number, nowNs: number): void {
    for (const link of links) {
      if (link.flows === 0) link.busySinceNs = nowNs;
      link.flows += 1;
    }
    this.#flows.push({ id, links, limitBytesPerS, bytes, leftBytes: bytes, sinceNs: nowNs, bytesPerS: 0, endNs: 0 });
    this.share(nowNs);
  }

  /** Ends a transfer: the one that is due, or one given up. */
  end(id: number, nowNs: number): void {
    const at = this.#flows.findIndex((flow) => flow.id === id);
    const [flow] = this.#flows.splice(at, 1);
    const isWhole = nowNs >= flow.endNs;
    const sent = isWhole ? flow.bytes : flow.bytes - leftAt(flow, nowNs);
    for (const link of flow.links) {
      link.bytes += sent;
      link.flows -= 1;
      if (link.flows === 0) link.busyNs += nowNs - link.busySinceNs;
    }
    this.share(nowNs);
  }

  get isIdle(): boolean {
    return this.#flows.length === 0;
  }

  /** Gives every transfer its rate from `nowNs` on; to be called when links have changed, too. */
  share(nowNs: number): void {
    const rates = maxMinRates(this.#flows);
    this.nextNs = Number.POSITIVE_INFINITY;
    this.nextId = -1;
    for (const [at, flow] of this.#flows.entries()) {
      const bytesPerS = rates[at];
      if (bytesPerS !== flow.bytesPerS) {
        flow.leftBytes = leftAt(flow, nowNs);
        flow.sinceNs = nowNs;
        flow.bytesPerS = bytesPerS;
        flow.endNs = nowNs + Math.round((flow.leftBytes / bytesPerS) * NS_PER_S);
      }
      if (flow.endNs < this.nextNs || (flow.endNs === this.nextNs && flow.id < this.nextId)) {
        this.nextNs = flow.endNs;
        this.nextId = flow.id;
      }
    }
  }
}

/** Before its first rate nothing of a flow has gone. */
function leftAt(flow: Flow, nowNs: number): number {
  if (flow.bytesPerS === 0 || nowNs === flow.sinceNs) return flow.leftBytes;
  return Math.max(0, flow.leftBytes - (flow.bytesPerS * (nowNs - flow.sinceNs)) / NS_PER_S);
}

/**
 * Max-min fair rates by progressive filling (Bertsekas and Gallager, Data Networks, 6.5.2): all rates grow alike until a
 * link is full or a flow at its limit; whoever that concerns stops, the others go on.
 */
export function maxMinRates(
  flows: readonly { readonly links: readonly Link[]; readonly limitBytesPerS: number }[],
): number[] {
  const rates = flows.map(() => -1);
  const left = new Map<Link, { bytesPerS: number; flows: number }>();
  for (const { links } of flows) {
    for (const link of links) {
      const share = left.get(link);
      if (share === undefined) left.set(link, { bytesPerS: link.nowBytesPerS, flows: 1 });
      else share.flows += 1;
    }
  }
  for (let open = flows.length; open > 0; ) {
    let level = Number.POSITIVE_INFINITY;
    for (const share of left.values()) if (share.flows > 0) level = Math.min(level, share.bytesPerS / share.flows);
    for (const [at, flow] of flows.entries()) if (rates[at] < 0) level = Math.min(level, flow.limitBytesPerS);
    // Full links as of now: what stops one flow must not make room for another at the same level.
    const full = new Set<Link>();
    for (const [link, share] of left) if (share.flows > 0 && share.bytesPerS / share.flows <= level) full.add(link);
    for (const [at, { links, limitBytesPerS }] of flows.entries()) {
      if (rates[at] >= 0 || (limitBytesPerS > level && !links.some((link) => full.has(link)))) continue;
      rates[at] = level;
      open -= 1;
      for (const link of links) {
        const share = left.get(link)!;
        share.bytesPerS -= level;
        share.flows -= 1;
      }
    }
  }
  return rates;
}
