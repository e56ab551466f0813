import { InputError } from '../base/inputError.ts';
import type { ColumnNames } from '../calibrate/readPoints.ts';

/** `--column ours=theirs` and `--fill ours=value`. @throws InputError. */
export function columnNames(options: {
  readonly column: readonly string[];
  readonly fill: readonly string[];
}): ColumnNames {
  return { theirs: pairs('--column', options.column), same: pairs('--fill', options.fill) };
}

function pairs(flag: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new InputError({ path: flag, message: `must be like tpot_mean_ms=mean_tpot, got "${text}"` });
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
