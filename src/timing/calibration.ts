import type { Backend } from '../catalog/engineProfile.ts';
import type { Coefficients, GroupVector, TimingModel } from './coefficients.ts';
import type { ReplicaSpec } from './replica.ts';
import shipped from './shipped.json' with { type: 'json' };

/** Factors around a predicted mean within which a measured one lies with a nominal chance of 80 %. */
export type Band = readonly [low: number, high: number];

export interface Bands {
  readonly ttft: Band;
  readonly tpot: Band;
}

/** What a fit to measurements found, as its file holds it. */
export interface Calibration {
  /** SHA-256 of the measured points and what was left out. */
  readonly data: { readonly digest: string; readonly points: number };
  readonly coefficients: Coefficients;
  /** By `groupKey`. */
  readonly groups: Readonly<Record<string, GroupVector & { readonly points: number }>>;
  /** Of servers of a kind that was measured, and of all others. */
  readonly bands: { readonly measured: Bands; readonly others: Bands };
  /** GPUs, models and weight formats behind it: beyond them it extrapolates. */
  readonly covers: {
    readonly hardware: readonly string[];
    readonly models: readonly string[];
    readonly formats: readonly string[];
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
  if (groups[groupKey(spec, backend)] !== undefined) return bands.measured;
  const beyond = extrapolates(covers, spec);
  return beyond.length === 0 ? bands.others : { ttft: widened(bands.others.ttft), tpot: widened(bands.others.tpot) };
}

/** What of a server the fit has never seen, in words. */
export function extrapolates(covers: Calibration['covers'], spec: ReplicaSpec): string[] {
  const formats = [...new Set([spec.weightDtype, spec.expertDtype])].filter(
    (format) => !covers.formats.includes(format),
  );
  return [
    ...(covers.hardware.includes(spec.hardware.id) ? [] : [`GPU ${spec.hardware.id}`]),
    ...formats.map((format) => `${format} weights`),
  ];
}

/** Half as wide again, as a factor. An assumption: nothing was measured there. */
function widened([low, high]: Band): Band {
  return [low / (1 + (1 - low) / 2), high * (1 + (high - 1) / 2)];
}

export function timingModelOf(calibration: Calibration, spec: ReplicaSpec, backend: Backend): TimingModel {
  const { coefficients, groups } = calibration;
  return { coefficients, group: groups[groupKey(spec, backend)] ?? null };
}
