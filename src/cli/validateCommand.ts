import { readFile } from 'node:fs/promises';
import { InputError } from '../base/inputError.ts';
import type { Predicted } from '../calibrate/predicted.ts';
import { readPoints } from '../calibrate/readPoints.ts';
import { Replayer } from '../calibrate/replayer.ts';
import { validationOf } from '../calibrate/validation.ts';
import { renderValidation, verdict } from '../report/validateText.ts';
import { FITTED } from '../timing/coefficients.ts';
import { EXIT } from './exitCodes.ts';
import { toJson, wantsColor } from './outputFiles.ts';

export interface ValidateOptions {
  readonly format: 'table' | 'json';
  readonly threads: number;
}

/** Replays every measured point of a file and says how far the predictions are off. */
export async function validateCommand(file: string, options: ValidateOptions): Promise<number> {
  const points = readPoints(await textOf(file), file);
  const replayer = new Replayer(options.threads);
  try {
    const replayed = await replayer.replay(points, () => FITTED);
    const predicted = points.map((point, index): Predicted => {
      const one = replayed[index];
      return { point, means: one.means, message: one.means === null ? one.message : '', bands: null };
    });
    const validation = validationOf(predicted);
    if (options.format === 'json') process.stdout.write(toJson(validation));
    else process.stdout.write(`${renderValidation(validation, wantsColor())}${verdict(validation.overall)}\n`);
    return validation.predicted > 0 ? EXIT.done : EXIT.failed;
  } finally {
    await replayer.close();
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new InputError({ file, message: `cannot be read: ${(error as Error).message}` });
  }
}
