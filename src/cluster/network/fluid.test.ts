import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../base/random.ts';
import { Fluid, type Link, linkOf, maxMinRates } from './fluid.ts';

const S = 1e9;

interface Transfer {
  readonly atNs: number;
  readonly bytes: number;
  readonly links: readonly Link[];
  readonly limit: number;
}

/** End of each transfer, by the fluid. */
function endsOf(transfers: readonly Transfer[]): number[] {
  const fluid = new Fluid();
  const ends = transfers.map(() => -1);
  const run = (untilNs: number): void => {
    while (fluid.nextNs <= untilNs && fluid.nextNs < Number.POSITIVE_INFINITY) {
      const { nextId, nextNs } = fluid;
      ends[nextId] = nextNs;
      fluid.end(nextId, nextNs);
    }
  };
  for (const [id, { atNs, bytes, links, limit }] of transfers.entries()) {
    run(atNs);
    fluid.begin(id, bytes, links, limit, atNs);
  }
  run(Number.POSITIVE_INFINITY);
  return ends;
}

const over = (bytes: number, links: readonly Link[], atNs = 0, limit = Number.POSITIVE_INFINITY): Transfer => ({
  atNs,
  bytes,
  links,
  limit,
});

describe('transfers that share links, worked out by hand', () => {
  it('halves a link between two: 14 GB each on 14 GB/s end together after 2 s', () => {
    const link = linkOf('a', 14e9);
    expect(endsOf([over(14e9, [link]), over(14e9, [link])])).toEqual([2 * S, 2 * S]);
    expect([link.bytes, link.busyNs]).toEqual([28e9, 2 * S]);
  });

  it('lets a late one slow the first: begun at 0.5 s they end at 1.5 s and 2 s', () => {
    const link = linkOf('a', 14e9);
    expect(endsOf([over(14e9, [link]), over(14e9, [link], 0.5 * S)])).toEqual([1.5 * S, 2 * S]);
  });

  it('takes 16.777216 ms for 8192 tokens of 131072 bytes at 64 GB/s', () => {
    expect(endsOf([over(8192 * 131072, [linkOf('a', 64e9)])])).toEqual([16_777_216]);
  });

  it('gives what one cannot use to the others: 1 of 10 GB/s at its limit, 9 for its neighbour', () => {
    const link = linkOf('a', 10e9);
    expect(endsOf([over(1e9, [link], 0, 1e9), over(9e9, [link])])).toEqual([S, S]);
  });

  it('shares the classic line of two links: the long flow and the short ones get half each', () => {
    const [a, b] = [linkOf('a', 10), linkOf('b', 20)];
    const flow = (links: Link[]) => ({ links, limitBytesPerS: Number.POSITIVE_INFINITY });
    // On a: 5 and 5; on b the long one has 5 and leaves 15.
    expect(maxMinRates([flow([a, b]), flow([a]), flow([b])])).toEqual([5, 5, 15]);
  });

  it('takes no time where nothing is in the way', () => {
    expect(endsOf([over(14e9, [linkOf('a', Number.POSITIVE_INFINITY)], 7)])).toEqual([7]);
  });
});

/** Links and flows drawn at random. */
function draw(random: RandomStream): Transfer[] {
  const links = Array.from({ length: random.integer(1, 5) }, (_, at) => linkOf(`${at}`, random.integer(1, 20) * 1e8));
  return Array.from({ length: random.integer(1, 9) }, () => ({
    atNs: 0,
    bytes: random.integer(1, 40) * 1e7,
    links: links.filter(() => random.integer(0, 1) === 0),
    limit: random.integer(0, 3) === 0 ? random.integer(1, 10) * 1e8 : 3e9,
  }));
}

describe('rates', () => {
  it('are max-min fair: none exceeds its limit or a link, and each is held by a full link on which none is larger', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const flows = draw(new RandomStream(seed, 'fair')).map(({ links, limit }) => ({ links, limitBytesPerS: limit }));
      const rates = maxMinRates(flows);
      const on = (link: Link): number[] => rates.filter((_, at) => flows[at].links.includes(link));
      const sum = (link: Link): number => on(link).reduce((total, rate) => total + rate, 0);
      for (const [at, { links, limitBytesPerS }] of flows.entries()) {
        expect(rates[at], `seed ${seed}`).toBeLessThanOrEqual(limitBytesPerS);
        for (const link of links) expect(sum(link)).toBeLessThanOrEqual(link.bytesPerS * (1 + 1e-12));
        const isHeld =
          rates[at] === limitBytesPerS ||
          links.some(
            (link) => sum(link) >= link.bytesPerS * (1 - 1e-12) && rates[at] >= Math.max(...on(link)) * (1 - 1e-12),
          );
        expect(isHeld, `seed ${seed}`).toBe(true);
      }
    }
  });
});

/** The same course in steps of 50 us, rates filled up in small drops: slow, and knows nothing of the algorithm. */
function endsByBruteForce(transfers: readonly Transfer[]): number[] {
  const stepNs = 50_000;
  const left = transfers.map(({ bytes }) => bytes);
  const ends = transfers.map(() => -1);
  for (let nowNs = 0; ends.includes(-1); nowNs += stepNs) {
    const open = transfers.map(({ atNs }, at) => ends[at] < 0 && atNs <= nowNs);
    const rates = transfers.map(() => 0);
    const room = new Map<Link, number>();
    for (const { links } of transfers) for (const link of links) room.set(link, link.bytesPerS);
    const growing = new Set([...transfers.keys()].filter((at) => open[at]));
    const drop = 5e6;
    while (growing.size > 0) {
      for (const at of growing) {
        const { links, limit } = transfers[at];
        if (rates[at] + drop > limit || links.some((link) => room.get(link)! < drop)) growing.delete(at);
        else {
          rates[at] += drop;
          for (const link of links) room.set(link, room.get(link)! - drop);
        }
      }
    }
    for (const at of transfers.keys()) {
      if (!open[at]) continue;
      left[at] -= (rates[at] * stepNs) / S;
      if (left[at] <= 0) ends[at] = nowNs + stepNs;
    }
  }
  return ends;
}

describe('the course of many transfers', () => {
  it('is that of a brute-force fluid, to the coarseness of its steps', () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = new RandomStream(seed, 'course');
      let atNs = 0;
      const transfers = draw(random).map((transfer) => {
        atNs += random.integer(0, 3) * 20_000_000;
        return { ...transfer, atNs };
      });
      const exact = endsOf(transfers);
      const brute = endsByBruteForce(transfers);
      for (const [at, ns] of exact.entries()) {
        // A drop is 5 % of the slowest link's rate shared by nine at worst, so at most a few per cent of the duration.
        expect(Math.abs(brute[at] - ns) / (ns - transfers[at].atNs), `seed ${seed}, ${at}`).toBeLessThan(0.06);
      }
    }
  });
});
