/** Coefficient files of `dynosim calibrate`, YAML or JSON. */
import { z } from 'zod';
import { InputError } from '../base/inputError.ts';
import type { Calibration } from '../timing/calibration.ts';
import { COEFFICIENT_NAMES, GROUP_NAMES } from '../timing/coefficients.ts';
import { InputDocument } from './inputDocument.ts';
import { zodIssues } from './zodIssues.ts';

const factor = z.number().gt(0);
const spread = z.strictObject({ between: z.number().min(0), within: z.number().min(0) });
const spreads = z.strictObject({ ttft: spread, tpot: spread, correlation: z.number().min(-1).max(1) });
const coefficients = z.strictObject(Object.fromEntries(COEFFICIENT_NAMES.map((name) => [name, factor])));
const group = z.strictObject({
  ...Object.fromEntries(GROUP_NAMES.map((name) => [name, z.number()])),
  points: z.int().min(1),
  curves: z.int().min(1),
});

const FILE = z.looseObject({
  data: z.looseObject({ digest: z.string(), points: z.int().min(0) }),
  coefficients,
  groups: z.record(z.string(), group),
  spreads: z.strictObject({ vllm: spreads, sglang: spreads, trtllm: spreads }),
  covers: z.strictObject({
    hardware: z.array(z.string()),
    models: z.array(z.string()),
    formats: z.array(z.string()),
    activeParameters: z.tuple([factor, factor]),
    gpus: z.int().min(1),
    contextTokens: z.int().min(1),
  }),
});

/** @throws InputError with the place of each mistake. */
export function parseCalibration(text: string, file: string): Calibration {
  const document = new InputDocument(text, file, []);
  const parsed = FILE.safeParse(document.value);
  if (parsed.success) return parsed.data as unknown as Calibration;
  throw new InputError(zodIssues(parsed.error, document, () => []));
}
