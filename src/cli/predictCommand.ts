import { loadWorkload } from '../config/buildWorkload.ts';
import { configHash } from '../config/configHash.ts';
import type { Facts } from '../config/facts.ts';
import { parsePredict } from '../config/loadPredict.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { readFacts } from '../config/readFacts.ts';
import { longestRequestOf } from '../config/replicaSpec.ts';
import { configInWords, workloadInWords } from '../report/configWords.ts';
import { predictPage } from '../report/pageData.ts';
import { perRequestCsv, perRequestJsonl } from '../report/perRequest.ts';
import { renderPredict } from '../report/terminal.ts';
import { assertOurs, unwritable, writeFileAtomically, writeFiles } from '../report/writeFiles.ts';
import { errorBandOf } from '../study/errorBand.ts';
import { type Prediction, predict } from '../study/prediction.ts';
import type { Workload } from '../workload/workload.ts';
import type { CommonOptions } from './commonOptions.ts';
import { EXIT } from './exitCodes.ts';
import { defaultDirectory, note, toJson, wantsColor, withPage } from './outputFiles.ts';
import { type Input, overridesOf, readInput } from './readInput.ts';
import { VERSION } from './version.ts';

/** Samples of the fleet's state for the timeline of the page. */
const TIMELINE_SAMPLES = 400;

export async function predictCommand(options: CommonOptions): Promise<number> {
  const input = await readInput(options.config);
  const { config, facts } = readPredict(options, input);
  const workload = await loadWorkload(config.traffic, config.seed, input.baseDir, longestRequestOf(config, facts));
  const hash = configHash(config, workload.digest, facts);
  const directory = options.outputDir ?? defaultDirectory('predict', hash);
  const ownership = { configHash: hash, overwrite: options.overwrite === true };
  await assertOurs(directory, ownership);

  const prediction = withErrorBand(simulateForReport(config, workload, facts), config, workload, facts);
  const detail = detailOf(prediction, workload, config);
  const workloadWords = workloadInWords(workload.name, config.evaluation.window);
  const { files, notes } = await withPage(
    new Map([['report.json', toJson(prediction.report)]]),
    predictPage(detail, configInWords(config), workloadWords),
  );
  const written = await writeFiles(directory, files, ownership);
  if (options.perRequest !== undefined) written.push(await writePerRequest(options.perRequest, prediction, workload));
  for (const text of notes) note(options.quiet === true, text);
  process.stdout.write(
    options.format === 'json'
      ? toJson(prediction.report)
      : renderPredict(prediction.report, {
          deployment: configInWords(config),
          workload: workloadWords,
          slo: config.evaluation.slo,
          pools: prediction.scenario.pools,
          files: written,
          color: wantsColor(),
          ...(process.stdout.isTTY === true ? { columns: process.stdout.columns } : {}),
        }),
  );
  return EXIT.done;
}

/** A prediction with the samples the page's timeline needs; they do not change the timeline. */
export function simulateForReport(config: PredictConfig, workload: Workload, facts: Facts): Prediction {
  const context = { facts, version: VERSION, clockMs: () => performance.now() };
  return predict(config, workload, context, { samples: TIMELINE_SAMPLES });
}

function withErrorBand(prediction: Prediction, config: PredictConfig, workload: Workload, facts: Facts): Prediction {
  const { report } = prediction;
  const band = errorBandOf(config, workload, { facts, version: VERSION, clockMs: () => 0 }, prediction);
  return { ...prediction, report: { ...report, provenance: { ...report.provenance, ...band } } };
}

export function detailOf({ report, result }: Prediction, workload: Workload, config: PredictConfig) {
  return { report, result, workload, slo: config.evaluation.slo, window: config.evaluation.window };
}

export async function writePerRequest(file: string, { result }: Prediction, workload: Workload): Promise<string> {
  const rows = file.endsWith('.csv') ? perRequestCsv(result, workload) : perRequestJsonl(result, workload);
  await writeFileAtomically(file, rows).catch((error) => {
    throw unwritable('--per-request', file, error);
  });
  return file;
}

function readPredict(options: CommonOptions, input: Input): { config: PredictConfig; facts: Facts } {
  const facts = readFacts(input.baseDir);
  const overrides = overridesOf(options, input);
  // Flags alone describe one aggregated replica, with defaults that --set can change.
  const flagsOnly =
    input.text === null ? [{ path: 'engine.workers', value: { aggregated: {} }, implied: true as const }] : [];
  return { config: parsePredict(input.text, input.file, [...flagsOnly, ...overrides], facts), facts };
}
