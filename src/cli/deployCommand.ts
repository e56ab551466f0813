import { join } from 'node:path';
import { canonicalJson } from '../base/canonicalJson.ts';
import { sha256Hex } from '../base/sha256.ts';
import { parsePredict } from '../config/loadPredict.ts';
import { readFacts } from '../config/readFacts.ts';
import { deployFiles } from '../deploy/deployFiles.ts';
import { writeFiles } from '../report/writeFiles.ts';
import type { CommonOptions } from './commonOptions.ts';
import { EXIT } from './exitCodes.ts';
import { note, toJson } from './outputFiles.ts';
import { overridesOf, readInput } from './readInput.ts';
import { VERSION } from './version.ts';

/** Which requests come does not change what is deployed: a file need not say. */
const ANY_TRAFFIC = { source: { type: 'preset', name: 'chat' }, load: { type: 'concurrency', concurrency: 1 } };

type DeployOptions = Pick<CommonOptions, 'config' | 'set' | 'outputDir' | 'overwrite' | 'quiet'>;

/** Writes the files that put a configuration to work. */
export async function deployCommand(options: DeployOptions): Promise<number> {
  const input = await readInput(options.config);
  const facts = readFacts(input.baseDir);
  const overrides = [...overridesOf(options, input), { path: 'traffic', value: ANY_TRAFFIC, implied: true as const }];
  const config = parsePredict(input.text, input.file, overrides, facts);
  const files = deployFiles(config, facts);
  const hash = sha256Hex(canonicalJson([...files]));
  files.set('deployment.json', toJson({ config_hash: hash, dynosim_version: VERSION, files: [...files.keys()] }));
  const directory = options.outputDir ?? join('dynosim-output', `deploy-${hash.slice(0, 8)}`);
  const written = await writeFiles(directory, files, { configHash: hash, overwrite: options.overwrite === true });
  for (const path of written) process.stdout.write(`${path}\n`);
  note(options.quiet === true, files.get('README.md')!);
  return EXIT.done;
}
