import { canonicalJson } from '../base/canonicalJson.ts';
import { sha256Hex } from '../base/sha256.ts';
import type { HardwareFacts, Sourced } from '../catalog/hardware.ts';
import type { ModelFacts } from '../catalog/model.ts';
import type { Calibration } from '../timing/calibration.ts';
import type { Facts } from './facts.ts';
import type { PredictConfig, WorkerConfig } from './predictConfig.ts';
import type { RecommendConfig } from './recommendConfig.ts';

/**
 * SHA-256 (hex) of what a simulation depends on: the resolved configuration, in which the content of the trace, of the
 * model and of each GPU stands for its name. Renamed or moved files leave it the same, changed figures do not.
 * @param workloadDigest `Workload.digest`.
 */
export function configHash(config: PredictConfig, workloadDigest: string, facts: Facts): string {
  const { traffic, engine } = config;
  return hashOf({
    ...config,
    traffic: { ...traffic, source: withoutPath(traffic.source, workloadDigest) },
    engine: {
      ...engine,
      model: modelDigest(facts.model(engine.model)),
      workers: Object.fromEntries(
        Object.entries(engine.workers).map(([role, pools]) => [role, pools.map((pool) => withHardware(pool, facts))]),
      ),
    },
  });
}

/** The same for a goal: `workloadDigest` is that of the workload at the first load. */
export function recommendHash(config: RecommendConfig, workloadDigest: string, facts: Facts): string {
  const { base, traffic, domains, ...rest } = config;
  const source = withoutPath(traffic.source, workloadDigest);
  const hardware = (name: unknown) => hardwareDigest(facts.hardware(String(name)));
  const engine = JSON.stringify(base.engine, (key, value: unknown) => {
    if (key === 'model') return modelDigest(facts.model(config.model));
    return key === 'hardware' ? hardware(value) : value;
  });
  return hashOf({
    ...rest,
    base: { ...base, traffic: { ...(base.traffic as object), source }, engine },
    traffic: { ...traffic, source },
    domains: domains.map(({ path, values, role }) => ({
      path,
      role,
      values: path.endsWith('hardware') ? values.map(hardware) : values,
    })),
    model: modelDigest(facts.model(config.model)),
    hardware: config.hardware.map(hardware),
  });
}

function withoutPath(source: PredictConfig['traffic']['source'], workloadDigest: string): object {
  return source.type === 'trace' ? { ...source, path: workloadDigest } : { ...source, digest: workloadDigest };
}

function withHardware(pool: WorkerConfig, facts: Facts): WorkerConfig {
  const { timing } = pool;
  return {
    ...pool,
    hardware: hardwareDigest(facts.hardware(pool.hardware)),
    timing:
      timing.type === 'roofline'
        ? { ...timing, calibration: calibrationDigest(facts.calibration(timing.calibration)) }
        : timing,
  };
}

/** Digests of facts already seen: a search hashes thousands of configurations of few models and GPUs. */
const digests = new WeakMap<object, string>();

function remembered<T extends object>(facts: T, digest: (facts: T) => string): string {
  const known = digests.get(facts) ?? digest(facts);
  digests.set(facts, known);
  return known;
}

/** Of the shape; what the model is called and who says so are left out. */
function modelDigest(model: ModelFacts): string {
  return remembered(model, ({ id: _id, sources: _sources, publishedParameters: _total, ...shape }) => hashOf(shape));
}

/** Of what passes are timed with. */
function calibrationDigest(calibration: Calibration): string {
  return remembered(calibration, ({ coefficients, groups }) => hashOf({ coefficients, groups }));
}

/** Of the figures alone. */
function hardwareDigest(hardware: HardwareFacts): string {
  return remembered(hardware, ({ id: _id, name: _name, priceDate: _date, ...figures }) => {
    const values = Object.entries(figures).map(([key, figure]: [string, Sourced<number> | null]) => [
      key,
      figure?.value ?? null,
    ]);
    return hashOf(Object.fromEntries(values));
  });
}

function hashOf(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}
