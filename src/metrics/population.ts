import type { Scenario } from '../cluster/scenario.ts';
import type { SimulationResult } from '../cluster/simulationResult.ts';
import { OUTCOME } from '../engine/requestLog.ts';
import { cutPrompt } from '../engine/requestTable.ts';
import { type MeasurementWindow, measuredRange } from './window.ts';

/** Which requests the statistics are about. All lists hold request numbers in order of arrival, ties by number. */
export interface Population {
  /** Every request that arrived or was dispatched. */
  readonly submitted: Int32Array;
  /** Those of them inside the measurement window. */
  readonly measured: Int32Array;
  /** Those of the measured that completed. */
  readonly completed: Int32Array;
  /**
   * The time throughput is taken over, ns: the whole run, or with a window from the first measured arrival to the last
   * measured completion.
   */
  readonly spanNs: number;
}

/** @throws InputError when the window leaves nothing to measure. */
export function populationOf(result: SimulationResult, window: MeasurementWindow): Population {
  const { log } = result;
  const numbers: number[] = [];
  for (let request = 0; request < log.count; request++) if (log.arrivalNs[request] >= 0) numbers.push(request);
  numbers.sort((a, b) => log.arrivalNs[a] - log.arrivalNs[b] || a - b);
  const submitted = Int32Array.from(numbers);
  const { from, to } = measuredRange(
    Float64Array.from(submitted, (request) => log.arrivalNs[request]),
    window,
  );
  const measured = submitted.subarray(from, to);
  const completed = measured.filter((request) => log.outcome[request] === OUTCOME.completed);
  const whole = measured.length === submitted.length;
  return { submitted, measured, completed, spanNs: whole ? result.durationNs : spanOf(result, measured, completed) };
}

function spanOf(result: SimulationResult, measured: Int32Array, completed: Int32Array): number {
  let endNs = 0;
  for (const request of completed) endNs = Math.max(endNs, result.log.lastTokenNs[request]);
  return Math.max(0, endNs - result.log.arrivalNs[measured[0]]);
}

export function gpusOf(scenario: Scenario): number {
  return scenario.pools.reduce((sum, pool) => sum + pool.replicas * pool.gpusPerReplica, 0);
}

/** Prompt tokens the engine served: the workload's, less what the `truncate` rule cut off to fit the context. */
export function promptTokensOf(scenario: Scenario, request: number): number {
  const { inputTokens, outputTokens } = scenario.workload;
  if (scenario.overLength !== 'truncate') return inputTokens[request];
  const contextLength = Math.min(...scenario.pools.map((pool) => pool.engine.contextLength));
  return cutPrompt(inputTokens[request], outputTokens[request], contextLength);
}
