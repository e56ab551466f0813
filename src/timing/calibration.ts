import { pow } from '../base/math.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import { derivedParameters } from '../catalog/weights.ts';
import type { Coefficients, GroupVector, TimingModel } from './coefficients.ts';
import { gpusPerReplica, type ReplicaSpec } from './replica.ts';
import shipped from './shipped.json' with { type: 'json' };

/** Factors around a predicted mean within which a measured one lies with a nominal chance of 80 %. */
export type Band = readonly [low: number, high: number];

export interface Bands {
  readonly ttft: Band;
  readonly tpot: Band;
}

/** One engine's errors are not another's. */
export type BandsByBackend = Readonly<Record<Backend, Bands>>;

/** What a fit to measurements found, as its file holds it. */
export interface Calibration {
  /** SHA-256 of the measured points and what was left out. */
  readonly data: { readonly digest: string; readonly points: number };
  readonly coefficients: Coefficients;
  /** By `groupKey`. */
  readonly groups: Readonly<Record<string, GroupVector & { readonly points: number }>>;
  /** Of servers of a kind that was measured, and of all others. */
  readonly bands: { readonly measured: BandsByBackend; readonly others: BandsByBackend };
  /** What is behind it: beyond that it extrapolates. */
  readonly covers: {
    readonly hardware: readonly string[];
    readonly models: readonly string[];
    readonly formats: readonly string[];
    /** Parameters a token meets, fewest and most, in 1e9. */
    readonly activeParameters: readonly [fewest: number, most: number];
    /** Most GPUs of one replica. */
    readonly gpus: number;
  };
}

/**
 * The kind of server that one vector stands for: the model's shape (checkpoints of one shape are alike, whatever they are
 * called and in whatever format), GPU and backend.
 */
export function groupKey({ model, hardware }: ReplicaSpec, backend: Backend): string {
  const experts = model.moe === null ? '' : `x${model.moe.experts}`;
  return `${model.attention.kind} ${model.hiddenSize}x${model.layers}${experts} | ${hardware.id} | ${backend}`;
}

export const SHIPPED_CALIBRATION = shipped as unknown as Calibration;

/** Bands of a server: narrower where its kind was measured, wider beyond what the fit has seen. */
export function bandsFor(calibration: Calibration, spec: ReplicaSpec, backend: Backend): Bands {
  const { groups, bands, covers } = calibration;
  const isMeasured = groups[groupKey(spec, backend)] !== undefined;
  const { ttft, tpot } = (isMeasured ? bands.measured : bands.others)[backend];
  return extrapolates(covers, spec).length === 0 ? { ttft, tpot } : { ttft: widened(ttft), tpot: widened(tpot) };
}

/** What of a server the fit has never seen, in words. */
export function extrapolates(covers: Calibration['covers'], spec: ReplicaSpec): string[] {
  const formats = [...new Set([spec.weightDtype, spec.expertDtype])].filter(
    (format) => !covers.formats.includes(format),
  );
  const active = derivedParameters(spec.model).active / 1e9;
  const [fewest, most] = covers.activeParameters;
  const gpus = gpusPerReplica(spec.parallelism);
  return [
    ...(covers.hardware.includes(spec.hardware.id) ? [] : [`GPU ${spec.hardware.id}`]),
    ...formats.map((format) => `${format} weights`),
    ...(active < fewest / SIZE_MARGIN || active > most * SIZE_MARGIN
      ? [`a model of ${active.toPrecision(2)} B active parameters (measured: ${fewest} to ${most} B)`]
      : []),
    ...(gpus > covers.gpus ? [`${gpus} GPUs a replica (measured: up to ${covers.gpus})`] : []),
  ];
}

/** Models so many times smaller or larger than any that was measured are still like them. */
const SIZE_MARGIN = 1.5;

/** Half as wide again, in logarithms. An assumption: nothing was measured there. */
function widened([low, high]: Band): Band {
  return [pow(low, 1.5), pow(high, 1.5)];
}

export function timingModelOf(calibration: Calibration, spec: ReplicaSpec, backend: Backend): TimingModel {
  const { coefficients, groups } = calibration;
  return { coefficients, group: groups[groupKey(spec, backend)] ?? null };
}
