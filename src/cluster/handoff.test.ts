import { describe, expect, it } from 'vitest';
import { PLAIN_VLLM } from '../../test/support/engineConfigs.ts';
import { handPool, handScenario, MS, shortRequests } from '../../test/support/handScenario.ts';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import { STATE } from '../engine/requestLog.ts';
import type { NetworkSpec } from './network/networkSpec.ts';
import type { Scenario, TransferSpec } from './scenario.ts';

/** 3 tokens each; a prompt of 50 takes 100 ms, a decode 10 ms, and its KV 50 ms. */
const WIRE: TransferSpec = { bandwidthBytesPerS: 1e6, latencyNs: 0, kvBytesPerToken: 1000 };
const FIRST: TransferSpec = { ...WIRE, order: 'destination_first' };

function run(transfer: TransferSpec, arrivalsMs: readonly number[], changes: Partial<Scenario> = {}, decode = {}) {
  const pools = [
    handPool({ name: 'p', role: 'prefill' }),
    handPool({ name: 'd', role: 'decode', engine: { ...PLAIN_VLLM, ...decode } }),
  ];
  const { log } = simulate(handScenario(shortRequests(arrivalsMs), { pools, transfer, ...changes }));
  const requests = [...log.outcome.keys()];
  return {
    firstMs: requests.map((request) => log.firstTokenNs[request] / MS),
    scheduledMs: requests.map((request) => log.scheduledNs[request] / MS),
    inMs: (state: number) => requests.map((request) => log.ttftStateNs(request, state) / MS),
    worker: [...log.worker],
  };
}

/** Pages of 16 tokens for one prompt of 50 and its answer, and not for two. */
const ONE_AT_A_TIME = { blocks: 7 };

describe('destination first, worked out by hand', () => {
  it('costs the same where there is room, and waits before the prompt where there is none', () => {
    for (const transfer of [WIRE, FIRST]) expect(run(transfer, [0]).firstMs).toEqual([160]);
    const source = run(WIRE, [0, 0], {}, ONE_AT_A_TIME);
    const destination = run(FIRST, [0, 0], {}, ONE_AT_A_TIME);
    // Source first both prompts are computed, one pass; the second then waits for the first to finish, at 180.
    expect(source.scheduledMs).toEqual([0, 0]);
    expect(source.firstMs).toEqual([160, 240]);
    // Destination first the second is not even begun before.
    expect(destination.scheduledMs).toEqual([0, 180]);
    expect(destination.firstMs).toEqual([160, 340]);
    expect(destination.inMs(STATE.admissionQueue)).toEqual([0, 180]);
    expect(destination.inMs(STATE.transfer)).toEqual([50, 50]);
  });

  it('hides what moves while the prompt is computed', () => {
    // 80 % of 50 ms are gone before the prompt ends at 100; 10 ms follow, then the first decode.
    expect(run({ ...FIRST, streamedShare: 0.8 }, [0]).firstMs).toEqual([120]);
    // Four times the bytes: 160 ms of streaming outlast the prompt, 40 ms follow.
    const heavy = run({ ...FIRST, kvBytesPerToken: 4000, streamedShare: 0.8 }, [0]);
    expect(heavy.firstMs).toEqual([210]);
    expect(heavy.inMs(STATE.transfer)).toEqual([100]);
  });

  it('streams over a network as it does over a wire of its own', () => {
    const network: NetworkSpec = {
      gpusPerNode: 1,
      scaleUpGpus: 1,
      scaleUpBytesPerS: 0,
      nicsPerNode: 1,
      nicBytesPerS: 1e6,
      nodesPerLeaf: Number.POSITIVE_INFINITY,
      oversubscription: 1,
    };
    for (const kvBytesPerToken of [1000, 4000]) {
      const transfer = { ...FIRST, kvBytesPerToken, streamedShare: 0.8 };
      expect(run(transfer, [0], { network }).firstMs).toEqual(run(transfer, [0]).firstMs);
    }
  });
});

describe('prompts that decode workers compute themselves', () => {
  it('are the short ones, and those that would queue', () => {
    expect(run({ ...WIRE, local: { maxTokens: 49, maxQueue: 9 } }, [0]).firstMs).toEqual([160]);
    const local = run({ ...WIRE, local: { maxTokens: 50, maxQueue: 9 } }, [0]);
    expect(local.firstMs).toEqual([100]);
    expect(local.worker).toEqual([1]);
    // The first runs, the second waits for its pass to end; the third finds it waiting.
    const queued = run({ ...WIRE, local: { maxTokens: 0, maxQueue: 0 } }, [0, 1, 2]);
    expect(queued.firstMs).toEqual([162, 260, 102]);
  });
});

describe('KV that the two sides cut differently', () => {
  it('is rearranged on arrival, at a cost a token', () => {
    expect(run({ ...WIRE, reshard: [[0, 0.1 * MS]] }, [0]).firstMs).toEqual([165]);
    expect(run({ ...WIRE, reshard: [[0, 0]] }, [0]).firstMs).toEqual([160]);
  });
});
