import { type CalibrationErrors, calibrate } from '../calibrate/calibrate.ts';
import { HAND_ORIGIN, SHIPPED_ORIGIN } from '../calibrate/origins.ts';
import { readPointFiles } from '../calibrate/pointFiles.ts';
import { Replayer } from '../calibrate/replayer.ts';
import { toYaml } from '../config/writeYaml.ts';
import { renderErrors } from '../report/validateText.ts';
import { writeFileAtomically } from '../report/writeFiles.ts';
import { columnNames } from './columnNames.ts';
import { EXIT } from './exitCodes.ts';
import { note, toJson } from './outputFiles.ts';

export interface CalibrateOptions {
  readonly output: string;
  readonly prior: 'shipped' | 'hand';
  readonly format: 'table' | 'json';
  readonly threads: number;
  readonly column: readonly string[];
  readonly fill: readonly string[];
  readonly quiet?: true;
}

const ORIGINS = { shipped: SHIPPED_ORIGIN, hand: HAND_ORIGIN };

/** Fits the timing to measured servers and writes the coefficient file. */
export async function calibrateCommand(files: readonly string[], options: CalibrateOptions): Promise<number> {
  const points = await readPointFiles(files, columnNames(options));
  const replayer = new Replayer(options.threads);
  try {
    const progress = (text: string) => note(options.quiet === true, text);
    const { calibration, errors } = await calibrate(points, ORIGINS[options.prior], replayer, progress);
    const content = { ...calibration, errors };
    const text = options.output.endsWith('.json') ? toJson(content) : `${HEADER}${toYaml(content)}`;
    await writeFileAtomically(options.output, text);
    process.stdout.write(options.format === 'json' ? toJson(content) : summaryOf(errors, options.output));
    return EXIT.done;
  } finally {
    await replayer.close();
  }
}

const HEADER =
  '# Timing coefficients; use them by engine.workers.<role>.timing: {type: roofline, calibration: this file}\n';

function summaryOf(errors: CalibrationErrors, file: string): string {
  const rows = [
    ['in sample, with vectors', errors.in_sample] as const,
    ...(errors.held_out === null ? [] : [['held-out folds', errors.held_out] as const]),
    ...(errors.group_quarter === null ? [] : [['vectors from a quarter of the curves', errors.group_quarter] as const]),
  ];
  return `${renderErrors('errors', rows)}\nwritten: ${file}\n`;
}
