import type { RequestLog } from '../engine/requestLog.ts';
import type { RequestTable } from '../engine/requestTable.ts';
import type { TrafficObservation } from './planner.ts';

/** Counts the traffic between two readings. */
export class TrafficMeter {
  readonly #table: RequestTable;
  readonly #log: RequestLog;
  #arrivals = 0;
  #inputTokens = 0;
  #completed = 0;
  #outputTokens = 0;
  #ttftNs = 0;
  #paced = 0;
  #itlNs = 0;
  #promptTokens = 0;
  #reusedTokens = 0;

  constructor(table: RequestTable, log: RequestLog) {
    this.#table = table;
    this.#log = log;
  }

  arrived(request: number): void {
    this.#arrivals += 1;
    this.#inputTokens += this.#table.inputTokens[request];
  }

  completed(request: number): void {
    const { arrivalNs, firstTokenNs, lastTokenNs, reusedTokens } = this.#log;
    const { inputTokens, outputTokens, carriedTokens } = this.#table;
    const carried = carriedTokens?.[request] ?? 0;
    const tokens = outputTokens[request] + carried;
    this.#completed += 1;
    this.#outputTokens += tokens;
    this.#ttftNs += firstTokenNs[request] - arrivalNs[request];
    if (tokens > 1) {
      this.#paced += 1;
      this.#itlNs += (lastTokenNs[request] - firstTokenNs[request]) / (tokens - 1);
    }
    this.#promptTokens += inputTokens[request] - carried;
    this.#reusedTokens += reusedTokens[request];
  }

  /** What has come since the last reading. */
  read(): TrafficObservation {
    const mean = (sum: number, count: number): number => (count === 0 ? 0 : sum / count);
    const observation = {
      arrivals: this.#arrivals,
      meanInputTokens: mean(this.#inputTokens, this.#arrivals),
      completed: this.#completed,
      meanOutputTokens: mean(this.#outputTokens, this.#completed),
      meanTtftNs: mean(this.#ttftNs, this.#completed),
      meanItlNs: mean(this.#itlNs, this.#paced),
      reusedRatio: mean(this.#reusedTokens, this.#promptTokens),
    };
    this.#arrivals = 0;
    this.#inputTokens = 0;
    this.#completed = 0;
    this.#outputTokens = 0;
    this.#ttftNs = 0;
    this.#paced = 0;
    this.#itlNs = 0;
    this.#promptTokens = 0;
    this.#reusedTokens = 0;
    return observation;
  }
}
