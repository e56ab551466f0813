import { InputError } from '../base/inputError.ts';
import { benchmarkPoint } from '../calibrate/benchmarkPoint.ts';
import { replicaOf } from '../calibrate/launch.ts';
import type { MeasuredPoint } from '../calibrate/measuredPoint.ts';
import { readPointFiles, readTextFile } from '../calibrate/pointFiles.ts';
import type { Predicted } from '../calibrate/predicted.ts';
import { readBenchmark } from '../calibrate/readBenchmark.ts';
import { Replayer } from '../calibrate/replayer.ts';
import { validationOf } from '../calibrate/validation.ts';
import { parsePredict } from '../config/loadPredict.ts';
import { readFacts } from '../config/readFacts.ts';
import { renderValidation, verdict } from '../report/validateText.ts';
import { bandsFor, type Calibration, timingModelOf } from '../timing/calibration.ts';
import type { TimingModel } from '../timing/coefficients.ts';
import { columnNames } from './columnNames.ts';
import { EXIT } from './exitCodes.ts';
import { toJson, wantsColor } from './outputFiles.ts';
import { overridesOf, readInput } from './readInput.ts';

export interface ValidateOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly concurrency?: string;
  readonly calibration?: string;
  readonly format: 'table' | 'json';
  readonly threads: number;
  readonly column: readonly string[];
  readonly fill: readonly string[];
}

/** Replays every measured point of a file and says how far the predictions are off. */
export async function validateCommand(file: string, options: ValidateOptions): Promise<number> {
  const points = await pointsOf(file, options);
  const calibration = readFacts('.').calibration(options.calibration ?? null);
  const replayer = new Replayer(options.threads);
  try {
    const replayed = await replayer.replay(points, (point) => modelOf(point, calibration));
    const predicted = points.map((point, index): Predicted => {
      const one = replayed[index];
      if (one.means === null) return { point, means: null, message: one.message, bands: null };
      const bands = bandsFor(calibration, replicaOf(point), point.backend, point.inputTokens + point.outputTokens);
      return { point, means: one.means, message: '', bands };
    });
    const validation = validationOf(predicted);
    if (options.format === 'json') process.stdout.write(toJson(validation));
    else process.stdout.write(`${renderValidation(validation, wantsColor())}${verdict(validation.overall)}\n`);
    return validation.predicted > 0 ? EXIT.done : EXIT.failed;
  } finally {
    await replayer.close();
  }
}

/** A CSV's points, or the one run of a benchmark's result file on the deployment that `--config` describes. */
async function pointsOf(file: string, options: ValidateOptions): Promise<MeasuredPoint[]> {
  if (!/\.jsonl?$/i.test(file)) return readPointFiles([file], columnNames(options));
  if (options.config === undefined) {
    throw new InputError({ file, message: 'does not say what was deployed', hint: 'give it with --config' });
  }
  const concurrency = options.concurrency === undefined ? null : Number(options.concurrency);
  if (concurrency !== null && !(concurrency >= 1)) {
    throw new InputError({ path: '--concurrency', message: `must be at least 1, got "${options.concurrency}"` });
  }
  const result = readBenchmark(await readTextFile(file), file, concurrency);
  const input = await readInput(options.config);
  const facts = readFacts(input.baseDir);
  const config = parsePredict(input.text, input.file, overridesOf({ set: options.set }, input), facts);
  return [benchmarkPoint(result, config, facts, file)];
}

/** A point of no known model or GPU fails when it is replayed, with its reason. */
function modelOf(point: MeasuredPoint, calibration: Calibration): TimingModel {
  try {
    return timingModelOf(calibration, replicaOf(point), point.backend);
  } catch {
    return { coefficients: calibration.coefficients, group: null };
  }
}
