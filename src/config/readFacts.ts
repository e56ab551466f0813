/** Node only: reads model and hardware files. */
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../base/inputError.ts';
import { parseConfigJson } from '../catalog/configJson.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { hardwareFromUserFile } from '../catalog/hardwareFile.ts';
import { modelFromHuggingFaceConfig } from '../catalog/huggingFace.ts';
import type { ModelFacts } from '../catalog/model.ts';
import type { Calibration } from '../timing/calibration.ts';
import { catalogFacts, type Facts, isPath } from './facts.ts';
import { fileFrom } from './fileFrom.ts';
import { InputDocument } from './inputDocument.ts';
import { parseCalibration } from './parseCalibration.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'is a directory',
  EACCES: 'may not be read (permission denied)',
};

/**
 * Facts of the catalog, and of files named relative to `baseDir`, the folder of the configuration. Each file is read
 * once. Both functions throw InputError for unknown names and for files that cannot be read or make no sense.
 */
export function readFacts(baseDir: string): Facts {
  return {
    model: remembered((name) => (isPath(name) ? readModel(fileFrom(baseDir, name)) : catalogFacts.model(name))),
    hardware: remembered((name) =>
      isPath(name) ? readHardware(fileFrom(baseDir, name)) : catalogFacts.hardware(name),
    ),
    calibration: remembered((file) =>
      file === null ? catalogFacts.calibration(null) : readCalibration(fileFrom(baseDir, file)),
    ),
  };
}

function remembered<Name extends string | null, T>(read: (name: Name) => T): (name: Name) => T {
  const known = new Map<Name, T>();
  return (name) => {
    if (!known.has(name)) known.set(name, read(name));
    return known.get(name)!;
  };
}

/** A model is called like the folder its config.json lies in, or like the file if that has another name. */
function readModel(path: string): ModelFacts {
  const file = attempt(path, () => statSync(path)).isDirectory() ? join(path, 'config.json') : path;
  const name =
    basename(file) === 'config.json' ? basename(dirname(resolve(file))) : basename(file).replace(/\.json$/i, '');
  return modelFromHuggingFaceConfig(parseConfigJson(readText(file), file), name, file);
}

function readHardware(file: string): HardwareFacts {
  const document = new InputDocument(readText(file), file, []);
  try {
    return hardwareFromUserFile(document.value, file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      error.issues.map(({ path, message, hint }) => document.issue(path?.split('.') ?? [], message, hint)),
    );
  }
}

function readCalibration(file: string): Calibration {
  return parseCalibration(readText(file), file);
}

function readText(file: string): string {
  return attempt(file, () => readFileSync(file, 'utf8'));
}

function attempt<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = REASONS[(error as NodeJS.ErrnoException).code ?? ''];
    if (reason === undefined) throw error;
    throw new InputError({ message: `${reason}: ${file}` });
  }
}
