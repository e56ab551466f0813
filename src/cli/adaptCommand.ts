import { join } from 'node:path';
import { adapt } from '../adapt/adapt.ts';
import { canonicalJson } from '../base/canonicalJson.ts';
import { sha256Hex } from '../base/sha256.ts';
import { loadWorkload } from '../config/buildWorkload.ts';
import type { Facts } from '../config/facts.ts';
import { parseRecommend } from '../config/loadPredict.ts';
import { readFacts } from '../config/readFacts.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { mapPaths, writeYaml } from '../config/writeYaml.ts';
import { goalHash } from '../recommend/recommend.ts';
import { adaptPage } from '../report/adaptPage.ts';
import { renderAdaptation } from '../report/adaptText.ts';
import { assertOurs, writeFiles } from '../report/writeFiles.ts';
import type { CommonOptions } from './commonOptions.ts';
import { EXIT } from './exitCodes.ts';
import { defaultDirectory, note, toJson, wantsColor, withPage } from './outputFiles.ts';
import { overridesOf, readInput, relocate } from './readInput.ts';
import { VERSION } from './version.ts';

export interface AdaptFlags extends CommonOptions {
  readonly windowSeconds: number;
  readonly trainShare: number;
}

/** A schedule of deployments that follows the workload, against standing still. */
export async function adaptCommand(options: AdaptFlags): Promise<number> {
  const input = await readInput(options.config);
  const facts = readFacts(input.baseDir);
  const config = parseRecommend(input.text, input.file, overridesOf(options, input), facts);
  const workload = await loadWorkload(config.traffic, config.seed, input.baseDir, contextOf(config, facts));
  const cut = { windowS: options.windowSeconds, trainShare: options.trainShare };
  const configHash = sha256Hex(canonicalJson({ goal: goalHash(config, workload, facts), ...cut }));
  const directory = options.outputDir ?? defaultDirectory('adapt', configHash);
  const ownership = { configHash, overwrite: options.overwrite === true };
  await assertOurs(directory, ownership);
  const adaptation = adapt(config, workload, facts, {
    version: VERSION,
    configHash,
    ...cut,
    onProgress: (what) => note(options.quiet === true, what),
  });
  const { files, notes } = await withPage(
    new Map([['adaptation.json', toJson(adaptation)]]),
    adaptPage(adaptation, workload.name, VERSION),
  );
  for (const [name, score] of Object.entries(adaptation.scores)) {
    if (score === null) continue;
    const moved = mapPaths(score.config, (path) => relocate(path, input.baseDir, directory));
    files.set(
      `${name}.yaml`,
      writeYaml(moved, [score.deployment, `dynosim predict -c ${join(directory, `${name}.yaml`)}`]),
    );
  }
  const written = await writeFiles(directory, files, ownership);
  for (const text of notes) note(options.quiet === true, text);
  process.stdout.write(
    options.format === 'json'
      ? toJson(adaptation)
      : renderAdaptation(adaptation, { files: written, color: wantsColor() }),
  );
  return adaptation.scores.schedule === null ? EXIT.failed : EXIT.done;
}

function contextOf(config: RecommendConfig, facts: Facts): number {
  const { context_length } = config.base.engine as { readonly context_length?: number | null };
  return context_length ?? facts.model(config.model).contextLength;
}
