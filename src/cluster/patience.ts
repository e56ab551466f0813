import { RandomStream } from '../base/random.ts';
import { ALARM_KIND, type Alarms } from './alarms.ts';

/** How long clients wait, from arrival; what is left out they do not mind. */
export interface PatienceSpec {
  /** For the first token. */
  readonly firstTokenNs?: number;
  /** For the last. */
  readonly wholeNs?: number;
  /** A share of the requests is given up after an exponential time with this mean, whatever has come of them. */
  readonly abandoned?: { readonly share: number; readonly meanNs: number };
}

/** Clients that go away before they are served. */
export class Patience {
  readonly #spec: PatienceSpec;
  readonly #alarms: Alarms;
  readonly #seed: number;

  constructor(spec: PatienceSpec, alarms: Alarms, seed: number) {
    this.#spec = spec;
    this.#alarms = alarms;
    this.#seed = seed;
  }

  /** The request has arrived. */
  begin(request: number, nowNs: number): void {
    const { firstTokenNs = Number.POSITIVE_INFINITY, wholeNs = Number.POSITIVE_INFINITY } = this.#spec;
    this.#alarms.set(nowNs + firstTokenNs, ALARM_KIND.firstToken, request);
    this.#alarms.set(nowNs + Math.min(wholeNs, this.#abandonedNs(request)), ALARM_KIND.whole, request);
  }

  #abandonedNs(request: number): number {
    const { abandoned } = this.#spec;
    if (abandoned === undefined) return Number.POSITIVE_INFINITY;
    const random = new RandomStream(this.#seed, 'clients', request);
    return random.uniform() < abandoned.share
      ? Math.round(random.exponential(abandoned.meanNs))
      : Number.POSITIVE_INFINITY;
  }
}
