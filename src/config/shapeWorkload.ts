import { type ArrivalProcess, retimeArrivals, spreadUniform, withoutClock } from '../workload/arrivals.ts';
import { withClassPriorities } from '../workload/classPriorities.ts';
import { firstRequests } from '../workload/firstRequests.ts';
import { withMaxOutput } from '../workload/maxOutput.ts';
import { makePreset } from '../workload/presets.ts';
import { makeSynthetic } from '../workload/synthetic.ts';
import type { Workload } from '../workload/workload.ts';
import type { PredictConfig, TrafficLoad, TrafficSource } from './predictConfig.ts';

/** The requests of a source that needs no file. */
export function generateWorkload(source: Exclude<TrafficSource, { type: 'trace' }>, seed: number): Workload {
  if (source.type === 'preset') return makePreset(source.name, source.requests, seed);
  return makeSynthetic(
    {
      name: 'synthetic',
      inputTokens: source.input_tokens,
      outputTokens: source.output_tokens,
      size: { sessions: source.requests },
      sharedPrefix: source.shared_prefix,
      sessions:
        source.sessions === null ? null : { turns: source.sessions.turns, think: source.sessions.think_seconds },
      blockTokens: source.block_size,
    },
    seed,
  );
}

/**
 * The source's requests as `traffic` wants them: arrivals spread or drawn anew, cut to `stop.requests`, with what the
 * clients ask for and how urgent they are. Speed-up, concurrency and the time limit are the simulation's.
 * @param contextLength tokens; what `max_output_tokens: context` fills.
 */
export function shapeWorkload(
  source: Workload,
  traffic: PredictConfig['traffic'],
  seed: number,
  contextLength: number,
): Workload {
  const arriving = withArrivals(source, traffic.load, seed);
  const { requests } = traffic.stop;
  const cut = requests === null ? arriving : firstRequests(arriving, requests);
  const rule = traffic.max_output_tokens;
  const asking = rule === 'exact' ? cut : withMaxOutput(cut, rule, contextLength);
  return traffic.classes === undefined ? asking : withClassPriorities(asking, prioritiesOf(traffic.classes));
}

function prioritiesOf(classes: NonNullable<PredictConfig['traffic']['classes']>): Map<string, number> {
  return new Map(Object.entries(classes).map(([name, { priority }]) => [name, priority]));
}

function withArrivals(workload: Workload, load: TrafficLoad, seed: number): Workload {
  switch (load.type) {
    case 'trace_timestamps':
      return load.spread === 'uniform' ? spreadUniform(workload, seed) : workload;
    case 'concurrency':
      return withoutClock(workload);
    default: {
      const process: ArrivalProcess =
        load.type === 'gamma' ? { type: 'gamma', burstiness: load.burstiness } : { type: load.type };
      return retimeArrivals(workload, process, load.requests_per_second, seed);
    }
  }
}
