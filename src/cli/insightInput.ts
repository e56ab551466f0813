import { loadWorkload } from '../config/buildWorkload.ts';
import { parsePredict } from '../config/loadPredict.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { readFacts } from '../config/readFacts.ts';
import { contextLengthOf } from '../config/replicaSpec.ts';
import { mapPaths } from '../config/writeYaml.ts';
import { Laboratory } from '../insight/laboratory.ts';
import type { Workload } from '../workload/workload.ts';
import type { CommonOptions } from './commonOptions.ts';
import { overridesOf, readInput, relocate } from './readInput.ts';
import { VERSION } from './version.ts';

export interface Subjects {
  readonly configs: readonly PredictConfig[];
  readonly laboratory: Laboratory;
  /** The first configuration's. */
  readonly workload: Workload;
}

/** Deployments to look into, all on the traffic (and seed, SLO, window) of the first; `--set` is for the first alone. */
export async function readSubjects(files: readonly (string | undefined)[], options: CommonOptions): Promise<Subjects> {
  const inputs = await Promise.all(files.map((file) => readInput(file)));
  const [first] = inputs;
  const facts = readFacts(first.baseDir);
  const [subject, ...others] = inputs.map((input, index) =>
    parsePredict(input.text, input.file, index === 0 ? overridesOf(options, input) : [], readFacts(input.baseDir)),
  );
  const configs = [
    subject,
    ...others.map((config, index) => ({
      ...mapPaths(config, (path) => relocate(path, inputs[index + 1].baseDir, first.baseDir)),
      seed: subject.seed,
      traffic: subject.traffic,
      evaluation: subject.evaluation,
    })),
  ];
  const asItIs: PredictConfig['traffic'] = {
    ...subject.traffic,
    load: { type: 'trace_timestamps', speedup: 1, spread: 'none' },
    stop: { requests: null, max_virtual_time_seconds: null },
    max_output_tokens: 'exact',
  };
  const source = await loadWorkload(asItIs, subject.seed, first.baseDir, contextLengthOf(subject, facts));
  const laboratory = new Laboratory(source, facts, VERSION);
  return { configs, laboratory, workload: laboratory.workloadOf(subject) };
}
