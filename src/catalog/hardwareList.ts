import { didYouMean } from '../base/closest.ts';
import { InputError } from '../base/inputError.ts';
import a100Sxm from './hardware/a100_sxm.json' with { type: 'json' };
import b200Sxm from './hardware/b200_sxm.json' with { type: 'json' };
import b300Sxm from './hardware/b300_sxm.json' with { type: 'json' };
import gb200 from './hardware/gb200.json' with { type: 'json' };
import gb300 from './hardware/gb300.json' with { type: 'json' };
import h20Sxm from './hardware/h20_sxm.json' with { type: 'json' };
import h100Pcie from './hardware/h100_pcie.json' with { type: 'json' };
import h100Sxm from './hardware/h100_sxm.json' with { type: 'json' };
import h200Sxm from './hardware/h200_sxm.json' with { type: 'json' };
import l4 from './hardware/l4.json' with { type: 'json' };
import l40s from './hardware/l40s.json' with { type: 'json' };
import rtxPro6000 from './hardware/rtx_pro_6000.json' with { type: 'json' };
import type { HardwareFacts } from './hardware.ts';
import { hardwareFromUserFile } from './hardwareFile.ts';

const FILES: readonly { id: string }[] = [
  a100Sxm,
  h100Sxm,
  h100Pcie,
  h200Sxm,
  h20Sxm,
  b200Sxm,
  b300Sxm,
  gb200,
  gb300,
  rtxPro6000,
  l40s,
  l4,
];

const HARDWARE: readonly HardwareFacts[] = FILES.map((file) => hardwareFromUserFile(file, `${file.id}.json`));

/** Every GPU of the catalog. */
export function listHardware(): readonly HardwareFacts[] {
  return HARDWARE;
}

/**
 * The catalog's GPU of that id (`h200_sxm`), case ignored.
 * @throws InputError without file and path (the caller knows them), with a guess at what was meant.
 */
export function findHardware(id: string): HardwareFacts {
  const found = HARDWARE.find((hardware) => hardware.id === id.toLowerCase());
  if (found !== undefined) return found;
  const ids = HARDWARE.map((hardware) => hardware.id);
  throw new InputError({
    message: `no GPU "${id}" in the catalog`,
    hint: didYouMean(id, ids) ?? `known: ${ids.join(', ')}; or give the path of your own hardware file`,
  });
}
