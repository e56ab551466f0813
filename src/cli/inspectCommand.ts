import { loadWorkload } from '../config/buildWorkload.ts';
import { parsePredict } from '../config/loadPredict.ts';
import { readFacts } from '../config/readFacts.ts';
import { type InspectedWorkload, renderWorkloads } from '../report/workloadText.ts';
import { describeWorkload } from '../workload/describe.ts';
import { odditiesOf } from '../workload/oddities.ts';
import { EXIT } from './exitCodes.ts';
import { toJson } from './outputFiles.ts';
import { overridesOf, readInput } from './readInput.ts';

export interface InspectOptions {
  readonly set: readonly string[];
  readonly skipBadLines?: true;
  readonly format: 'table' | 'json';
}

/** A workload is looked at without an engine, but a configuration has one. Nothing shown depends on it. */
const ANY_ENGINE = { model: 'Qwen/Qwen3-8B', gpu: 'h100_sxm', worker: 'engine.workers.aggregated={}' };
const ANY_CONTEXT = 131_072;

/** Says what workloads look like, side by side, and what is odd about them. */
export async function inspectCommand(names: readonly string[], options: InspectOptions): Promise<number> {
  const workloads: InspectedWorkload[] = [];
  for (const name of names) workloads.push(await inspect(name, options));
  process.stdout.write(options.format === 'json' ? toJson(workloads) : renderWorkloads(workloads));
  return EXIT.done;
}

/** A trace, or the traffic of a configuration file. */
async function inspect(name: string, { set, skipBadLines }: InspectOptions): Promise<InspectedWorkload> {
  const isConfig = /\.ya?ml$/i.test(name);
  const input = await readInput(isConfig ? name : undefined);
  const { worker, ...engine } = ANY_ENGINE;
  const flags = isConfig ? { set } : { ...engine, trace: name, set: [worker, ...set], skipBadLines };
  const config = parsePredict(input.text, input.file, overridesOf(flags, input), readFacts(input.baseDir));
  const workload = await loadWorkload(config.traffic, config.seed, input.baseDir, ANY_CONTEXT);
  const summary = describeWorkload(workload);
  return { name, summary, odd: odditiesOf(workload, summary) };
}
