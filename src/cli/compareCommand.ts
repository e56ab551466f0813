import { InputError } from '../base/inputError.ts';
import { compare } from '../insight/comparison.ts';
import { configInWords } from '../report/configWords.ts';
import { renderComparison } from '../report/insightText.ts';
import type { CommonOptions } from './commonOptions.ts';
import { EXIT } from './exitCodes.ts';
import { readSubjects } from './insightInput.ts';
import { toJson, wantsColor } from './outputFiles.ts';

/** Says what differs between two deployments and which cause makes which part of it. */
export async function compareCommand(a: string, b: string, options: CommonOptions): Promise<number> {
  const { configs, laboratory } = await readSubjects([a, b], options);
  const comparison = compare(laboratory, configs[0], configs[1]);
  if (comparison === null) {
    throw new InputError({
      message: `one of ${a} and ${b} cannot run this workload`,
      hint: 'dynosim predict says why',
    });
  }
  process.stdout.write(
    options.format === 'json'
      ? toJson(comparison)
      : renderComparison(comparison, [configInWords(configs[0]), configInWords(configs[1])], {
          files: [],
          color: wantsColor(),
        }),
  );
  return EXIT.done;
}
