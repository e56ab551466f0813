import { describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/cluster/scenario.ts';
import { randomScenario } from '../kernel/randomScenario.ts';
import { simulate } from '../support/lawfulSimulation.ts';
import { differences, reclocked, timelineOf } from './timeline.ts';
import { slowed, withClock, withPools, withRouterClock } from './variants.ts';

const RUNS = 200;

describe.each(['fast', 'plain'] as const)('the clock of the %s core', (core) => {
  it.each([2, 8])('has no scale: everything %d times as long takes exactly that much longer', (factor) => {
    for (let seed = 1; seed <= RUNS; seed++) {
      // A transfer that shares links is rounded at its end, and so are twice as long ones.
      const { network: _, ...scenario } = authored(randomScenario(seed, core));
      const scaled = withPools(scenario, (pool) => ({ ...pool, timer: slowed(pool.timer, factor) }));
      const result = simulate({
        ...scaled,
        router: withRouterClock(scenario.router, factor),
        workload: withClock(scenario.workload, factor, 0),
        maxVirtualNs: scenario.maxVirtualNs * factor,
        transfer: scenario.transfer && {
          ...scenario.transfer,
          latencyNs: scenario.transfer.latencyNs * factor,
          bandwidthBytesPerS: scenario.transfer.bandwidthBytesPerS / factor,
          reshard: (scenario.transfer.reshard ?? []).map((row) => row.map((ns) => ns * factor)),
        },
      });
      const expected = reclocked(timelineOf(simulate(scenario)), factor, 0);
      expect(differences(timelineOf(result), expected), `seed ${seed}`).toEqual([]);
    }
  });

  it('has no origin: a workload that starts later takes the same course later', () => {
    const SHIFT_NS = 7e9;
    for (let seed = 1; seed <= RUNS; seed++) {
      const drawn = authored(randomScenario(seed, core));
      // Reports of load are due at multiples of their interval, counted from 0.
      const { reportIntervalNs: _, ...router } = drawn.router;
      const scenario = { ...drawn, router };
      // A closed loop starts its slots at 0, whatever the arrivals.
      if (scenario.load.kind === 'closed') continue;
      const before = simulate(scenario);
      const later = simulate({
        ...scenario,
        workload: withClock(scenario.workload, 1, SHIFT_NS),
        maxVirtualNs: scenario.maxVirtualNs + SHIFT_NS,
      });
      expect(differences(timelineOf(later), reclocked(timelineOf(before), 1, SHIFT_NS)), `seed ${seed}`).toEqual([]);
    }
  });
});

/** Without a speed-up: it rounds arrivals, and half a nanosecond has no double. */
function authored(scenario: Scenario): Scenario {
  return scenario.load.kind === 'open' ? { ...scenario, load: { kind: 'open', speedup: 1 } } : scenario;
}
