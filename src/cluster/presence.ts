/** What a replica is doing. In every phase but `absent` it holds its GPUs; only `ready` ones are given requests. */
export type Phase = 'absent' | 'starting' | 'ready' | 'draining' | 'down';

/** How long a replica held its GPUs, ns: until it was ready, while it served (or was down), and while it finished what it had. */
export interface PresenceTimes {
  readonly startingNs: number;
  readonly servingNs: number;
  readonly drainingNs: number;
}

/** A replica's phase, and the time it has spent in each. */
export class Presence {
  phase: Phase;
  #sinceNs = 0;
  readonly #spentNs: Record<Phase, number> = { absent: 0, starting: 0, ready: 0, draining: 0, down: 0 };

  constructor(phase: Phase) {
    this.phase = phase;
  }

  enter(phase: Phase, nowNs: number): void {
    this.#spentNs[this.phase] += nowNs - this.#sinceNs;
    this.#sinceNs = nowNs;
    this.phase = phase;
  }

  times(nowNs: number): PresenceTimes {
    const spent = { ...this.#spentNs };
    spent[this.phase] += nowNs - this.#sinceNs;
    return { startingNs: spent.starting, servingNs: spent.ready + spent.down, drainingNs: spent.draining };
  }
}
