import Table from 'cli-table3';
import { InputError } from '../base/inputError.ts';
import { listEngineProfiles } from '../catalog/engineProfiles.ts';
import { listHardware } from '../catalog/hardwareList.ts';
import { listModels } from '../catalog/models.ts';
import { showCatalogEntry } from '../catalog/show.ts';
import { derivedParameters } from '../catalog/weights.ts';
import { toYaml } from '../config/writeYaml.ts';

/** Prints a list, or one entry as YAML that can start a file of one's own. */
export function catalogCommand(what: string, name: string | undefined): void {
  process.stdout.write(textOf(what, name));
}

function textOf(what: string, name: string | undefined): string {
  if (what === 'models') return modelTable();
  if (what === 'hardware') return hardwareTable();
  if (what === 'engines') return engineTable();
  if (what !== 'show') {
    throw new InputError({ path: 'catalog', message: `must be models, hardware, engines or show NAME, got "${what}"` });
  }
  if (name === undefined) {
    throw new InputError({
      path: 'catalog show',
      message: 'needs the name of a model, a GPU or an engine (vllm@0.19.0)',
    });
  }
  return toYaml(showCatalogEntry(name));
}

const STYLE = { head: [], border: [], compact: true };

function modelTable(): string {
  const table = new Table({ head: ['model', 'parameters', 'active', 'layers', 'context', 'checkpoint'], style: STYLE });
  for (const model of listModels()) {
    const { total, active } = derivedParameters(model);
    table.push([model.id, billions(total), billions(active), model.layers, model.contextLength, model.checkpointDtype]);
  }
  return `${table.toString()}\n`;
}

function hardwareTable(): string {
  const table = new Table({
    head: ['gpu', 'memory MiB', 'TB/s', 'bf16 TFLOPS', 'fp8 TFLOPS', 'scale-up GB/s', 'USD/h', 'price of'],
    style: STYLE,
  });
  for (const gpu of listHardware()) {
    table.push([
      gpu.id,
      gpu.memoryMib.value,
      gpu.memoryBandwidthTBps.value,
      gpu.tflopsBf16.value,
      gpu.tflopsFp8?.value ?? '-',
      gpu.scaleUpGBps?.value ?? '-',
      gpu.usdPerGpuHour.value,
      gpu.priceDate,
    ]);
  }
  return `${table.toString()}\n`;
}

/** Each release with what changed in it. */
function engineTable(): string {
  const table = new Table({ head: ['engine', 'version', 'date', 'changed'], style: STYLE });
  const profiles = listEngineProfiles();
  for (const [index, profile] of profiles.entries()) {
    const before = profiles[index - 1];
    const first = before?.backend !== profile.backend;
    const changed = [...profile.settings].filter(([path, setting]) => first || before.settings.get(path) !== setting);
    const what = first ? `${changed.length} settings` : changed.map(([path]) => path).join(', ');
    table.push([profile.backend, profile.version, profile.date ?? '-', what === '' ? '-' : what]);
  }
  return `${table.toString()}\n`;
}

function billions(parameters: number): string {
  return `${(parameters / 1e9).toFixed(1)} B`;
}
