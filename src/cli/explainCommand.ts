import { InputError } from '../base/inputError.ts';
import { configHash } from '../config/configHash.ts';
import { explain } from '../insight/explanation.ts';
import { cacheCeilings } from '../metrics/eviction.ts';
import { configInWords, workloadInWords } from '../report/configWords.ts';
import { renderExplanation } from '../report/insightText.ts';
import { explainPage } from '../report/pageData.ts';
import { assertOurs, writeFiles } from '../report/writeFiles.ts';
import type { CommonOptions } from './commonOptions.ts';
import { EXIT } from './exitCodes.ts';
import { readSubjects } from './insightInput.ts';
import { defaultDirectory, note, toJson, wantsColor, withPage } from './outputFiles.ts';
import { detailOf, simulateForReport } from './predictCommand.ts';

export interface ExplainFlags extends CommonOptions {
  readonly whyNot?: string;
}

/** Says what holds a deployment where it is, and why not another. */
export async function explainCommand(options: ExplainFlags): Promise<number> {
  const files = [options.config, ...(options.whyNot === undefined ? [] : [options.whyNot])];
  const { configs, laboratory, workload } = await readSubjects(files, options);
  const [config, other = null] = configs;
  const hash = configHash(config, workload.digest, laboratory.facts);
  const directory = options.outputDir ?? defaultDirectory('explain', hash);
  const ownership = { configHash: hash, overwrite: options.overwrite === true };
  await assertOurs(directory, ownership);

  // Says what is missing where the deployment cannot exist.
  const prediction = simulateForReport(config, workload, laboratory.facts);
  const detail = detailOf(prediction, workload, config);
  const cache = cacheCeilings(prediction.result, prediction.scenario);
  const explanation = explain(laboratory, config, other, cache);
  if (explanation === null) throw new Error('a deployment that was simulated could not be explained');
  if (other !== null && explanation.why_not === null) {
    throw new InputError({ path: '--why-not', message: `${options.whyNot}: the deployment cannot run this workload` });
  }
  const page = explainPage(
    explanation,
    detail,
    configInWords(config),
    workloadInWords(workload.name, config.evaluation.window),
  );
  const output = await withPage(new Map([['explanation.json', toJson(explanation)]]), page);
  const written = await writeFiles(directory, output.files, ownership);
  for (const text of output.notes) note(options.quiet === true, text);
  process.stdout.write(
    options.format === 'json'
      ? toJson(explanation)
      : renderExplanation(explanation, configInWords(config), { files: written, color: wantsColor() }),
  );
  return EXIT.done;
}
