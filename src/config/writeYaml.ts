import { stringify } from 'yaml';
import { isPath } from './facts.ts';
import type { PredictConfig, WorkerConfig } from './predictConfig.ts';

/**
 * The YAML of a resolved configuration: `parsePredict` of it gives the same configuration back.
 * @param header lines of comment before it.
 */
export function writeYaml(config: PredictConfig, header: readonly string[] = []): string {
  const comment = header.map((line) => (line === '' ? '#' : `# ${line}`)).join('\n');
  const body = stringify(config, { aliasDuplicateObjects: false, lineWidth: 0 });
  return comment === '' ? body : `${comment}\n\n${body}`;
}

/** The configuration with every file name put through `map`, e.g. to write it into another folder. */
export function mapPaths(config: PredictConfig, map: (path: string) => string): PredictConfig {
  const named = (name: string) => (isPath(name) ? map(name) : name);
  const { traffic, engine } = config;
  const { source } = traffic;
  return {
    ...config,
    traffic: source.type === 'trace' ? { ...traffic, source: { ...source, path: map(source.path) } } : traffic,
    engine: {
      ...engine,
      model: named(engine.model),
      workers: Object.fromEntries(
        Object.entries(engine.workers).map(([role, pools]) => [
          role,
          pools.map((pool) => ({ ...pool, hardware: named(pool.hardware), timing: withCalibration(pool.timing, map) })),
        ]),
      ),
    },
  };
}

function withCalibration(timing: WorkerConfig['timing'], map: (path: string) => string): WorkerConfig['timing'] {
  if (timing.type !== 'roofline' || timing.calibration === null) return timing;
  return { ...timing, calibration: map(timing.calibration) };
}

/** Any plain data as YAML, e.g. a catalog entry that starts a file of one's own. */
export function toYaml(value: unknown): string {
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}
