import { LogHistogram } from '../../src/base/logHistogram.ts';
import { RandomStream } from '../../src/base/random.ts';
import { createEngine } from '../../src/engine/createEngine.ts';
import type { EngineConfig } from '../../src/engine/engineConfig.ts';
import { type EngineCore, type EngineLoad, type EngineRole, PASS_END } from '../../src/engine/engineCore.ts';
import { PassLedger } from '../../src/engine/passLedger.ts';
import { RequestLog, STATE, STATES } from '../../src/engine/requestLog.ts';
import { buildRequestTable, carryOn } from '../../src/engine/requestTable.ts';
import type { StepTimer } from '../../src/timing/stepTimer.ts';
import type { Workload } from '../../src/workload/workload.ts';

/** What one worker is told, apart from what its own reports lead to. */
export interface Script {
  readonly seed: number;
  readonly role: EngineRole;
  readonly config: EngineConfig;
  readonly timer: StepTimer;
  readonly workload: Workload;
}

/** Everything a worker showed. */
export interface Performance {
  readonly trace: readonly string[];
  readonly log: RequestLog;
  /** Requests cancelled, by where they were as far as the cluster knows. */
  readonly cancelled: { queued: number; running: number; held: number; again: number; carried: number };
  readonly leftOver: EngineLoad;
}

interface Input {
  readonly atNs: number;
  act(nowNs: number): void;
}

/**
 * Runs one worker through arrivals, cancellations (some requests come again at once, anew or with the tokens they have) and changes of its speed, drawn from the
 * seed alone. Everything readable is written down before each of them.
 */
export function perform({ seed, role, config, timer, workload }: Script, kind: 'fast' | 'plain'): Performance {
  const random = new RandomStream(seed, 'core script');
  // Turns arrive whenever they like here, so they name nothing of each other's output.
  const unrelated = { ...workload, nextTurn: workload.nextTurn.map(() => -1) };
  const table = buildRequestTable(unrelated, Number.POSITIVE_INFINITY, true);
  const log = new RequestLog(workload.count);
  const ledger = new PassLedger(new LogHistogram());
  const trace: string[] = [];
  const cancelled = { queued: 0, running: 0, held: 0, again: 0, carried: 0 };
  const inputs: Input[] = [];
  const at = (atNs: number, act: Input['act']): void => {
    const place = inputs.findIndex((input) => input.atNs > atNs);
    inputs.splice(place < 0 ? inputs.length : place, 0, { atNs, act });
  };
  /** By request: which attempt it is, and where that is; reports of lost attempts mean nothing. */
  const attempt = new Int32Array(workload.count);
  const place = Array.from({ length: workload.count }, () => 'out' as 'out' | 'in' | 'held');
  let speed = 1;
  const core: EngineCore = createEngine(kind, {
    worker: 0,
    role,
    config,
    timer: {
      window: timer.window,
      passNs: (shape) => Math.max(1, Math.round(timer.passNs(shape) * speed)),
      decodeNs: (sequences, context, windowed) =>
        Math.max(1, Math.round(timer.decodeNs(sequences, context, windowed) * speed)),
      boundOf: (shape) => timer.boundOf(shape),
    },
    table,
    log,
    ledger,
    tiers: null,
    host: {
      finished(_, request, nowNs) {
        trace.push(`${nowNs} finished ${request}`);
        if (place[request] !== 'in') throw new Error(`${request} finished, but is ${place[request]}`);
        place[request] = 'out';
      },
      prefilled(_, request, nowNs) {
        trace.push(`${nowNs} prefilled ${request}`);
        place[request] = 'held';
        const mine = attempt[request];
        at(nowNs + delayOf(request), (then) => {
          if (attempt[request] !== mine) return;
          place[request] = 'out';
          core.releaseHeld(request, then);
        });
      },
      reserved(_, request, missing, nowNs) {
        trace.push(`${nowNs} reserved ${request} ${missing}`);
        const mine = attempt[request];
        at(nowNs + delayOf(request), (then) => {
          if (attempt[request] === mine) core.remoteArrived(request, then);
        });
      },
      onboards() {
        throw new Error('a worker without tiers onboards');
      },
    },
  });
  const delayOf = (request: number): number => 10 + 370 * ((request * 7919) % 400);
  const enqueue = (request: number, nowNs: number): void => {
    place[request] = 'in';
    if (role === 'decode') core.enqueueRemote(request, nowNs);
    else core.enqueue(request, nowNs);
  };
  const cancel = (request: number, again: 'no' | 'anew' | 'carried', nowNs: number): void => {
    if (place[request] === 'out') return;
    attempt[request] += 1;
    if (place[request] === 'held') cancelled.held += 1;
    else if (log.scheduledNs[request] < 0) cancelled.queued += 1;
    else cancelled.running += 1;
    trace.push(`${nowNs} cancel ${request} ${place[request]} again ${again}`);
    const tokens = core.cancel(request, nowNs);
    trace.push(`${tokens} out, the last at ${log.lastTokenNs[request]}`);
    place[request] = 'out';
    if (again === 'carried' && log.firstTokenNs[request] >= 0) {
      cancelled.carried += 1;
      log.carryOn(request, tokens, nowNs);
      carryOn(table, request, tokens);
    } else {
      log.startAnew(request, [STATE.frontEnd], nowNs);
    }
    if (again === 'no' || !core.admits(table.inputTokens[request], table.outputTokens[request])) return;
    cancelled.again += 1;
    enqueue(request, nowNs);
  };
  let arrivalNs = 0;
  for (let request = 0; request < workload.count; request++) {
    arrivalNs += random.integer(0, 1) * Math.floor(10 ** (random.uniform() * 4));
    const fate = random.integer(0, 5);
    const cancelNs = arrivalNs + Math.floor(10 ** (1 + random.uniform() * 5));
    if (!core.admits(table.inputTokens[request], table.outputTokens[request])) continue;
    at(arrivalNs, (nowNs) => {
      log.arrivalNs[request] = nowNs;
      enqueue(request, nowNs);
    });
    const fates = ['anew', 'carried', 'no'] as const;
    if (fate < 3) at(cancelNs, (nowNs) => cancel(request, fates[fate], nowNs));
  }
  for (let change = random.integer(0, 3); change > 0; change--) {
    const factor = random.integer(1, 12) / 4;
    at(Math.floor(10 ** (2 + random.uniform() * 4)), (nowNs) => {
      speed = factor;
      core.retimed(nowNs);
    });
  }
  const load: EngineLoad = { running: 0, waiting: 0, queuedPrefillTokens: 0, heldPages: 0, usablePages: 0 };
  for (;;) {
    const inputNs = inputs[0]?.atNs ?? Number.POSITIVE_INFINITY;
    if (core.nextEventNs < inputNs || (core.nextEventNs === inputNs && core.nextEventKind === PASS_END)) {
      core.runEvent();
      continue;
    }
    if (inputNs === Number.POSITIVE_INFINITY) break;
    core.advanceTo(inputNs);
    core.readLoad(load);
    trace.push(`${inputNs} ${Object.values(load)} ${core.passesInFlight} ${ledger.passes} ${ledger.busyNs}`);
    inputs.shift()!.act(inputNs);
  }
  core.readLoad(load);
  const totals = core.totals();
  trace.push(JSON.stringify(totals), `${ledger.gaps.count} ${ledger.gaps.sum} ${ledger.gaps.max}`);
  for (let request = 0; request < workload.count; request++) {
    const times = [log.scheduledNs, log.firstTokenNs, log.lastTokenNs, log.maxGapNs, log.preemptions, log.reusedTokens];
    const states = STATES.map((_, state) => `${log.ttftStateNs(request, state)}/${log.e2eStateNs(request, state)}`);
    trace.push(`request ${request}: ${times.map((column) => column[request])}; ${states}`);
  }
  return { trace, log, cancelled, leftOver: load };
}
