import { describe, expect, it } from 'vitest';
import { type HandmadeRequest, handmadeRun } from '../../test/support/handmadeRun.ts';
import { stabilityOf } from './stability.ts';

/** One server, first come first served (Lindley's recursion). */
function singleServer(arrivalsMs: readonly number[], serviceMs: (index: number) => number): HandmadeRequest[] {
  let freeMs = 0;
  return arrivalsMs.map((arrivalMs, index) => {
    const startMs = Math.max(freeMs, arrivalMs);
    freeMs = startMs + serviceMs(index);
    return { arrivalMs, queueMs: startMs - arrivalMs, prefillMs: serviceMs(index), gapsMs: [] };
  });
}

function verdict(requests: HandmadeRequest[], closed = false) {
  const { result, scenario } = handmadeRun(requests, { durationMs: 1e7 });
  const load = closed ? ({ kind: 'closed', concurrency: 4 } as const) : scenario.load;
  return stabilityOf(result.log, Int32Array.from(requests.keys()), load);
}

const every = (gapMs: number, count: number): number[] => Array.from({ length: count }, (_, index) => index * gapMs);

describe('stabilityOf', () => {
  it.each([
    [0.5, 'STABLE'],
    [0.95, 'STABLE'],
    [1.1, 'OVERLOADED'],
    [1.5, 'OVERLOADED'],
    [3, 'OVERLOADED'],
  ])('one server at load %f is %s', (load, expected) => {
    expect(
      verdict(
        singleServer(every(100, 300), () => load * 100),
        false,
      ),
    ).toBe(expected);
  });

  it('calls a burst that was not worked off a backlog', () => {
    const quietThenBurst = [...every(100, 300), ...Array.from({ length: 200 }, (_, index) => 29_900 + index)];
    expect(verdict(singleServer(quietThenBurst, () => 50))).toBe('BACKLOGGED');
  });

  it('calls a burst at the start that was worked off stable', () => {
    const burstThenQuiet = [...Array(50).fill(0), ...every(100, 300)];
    expect(verdict(singleServer(burstThenQuiet, () => 50))).toBe('STABLE');
  });

  it('does not mistake long service for a growing queue', () => {
    const infiniteServers = every(10, 300).map((arrivalMs) => ({ arrivalMs, prefillMs: 10_000, gapsMs: [] }));
    expect(verdict(infiniteServers)).toBe('STABLE');
  });

  it('calls a closed loop stable, whose clients wait', () => {
    expect(
      verdict(
        singleServer(every(100, 300), () => 300),
        true,
      ),
    ).toBe('STABLE');
  });
});
