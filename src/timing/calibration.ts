import { exp, pow } from '../base/math.ts';
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

/**
 * How far errors reach either side with a nominal chance of 80 %, in logarithms of measured over predicted: what all runs of
 * one kind of server share, and what each run adds.
 */
export interface Spread {
  readonly between: number;
  readonly within: number;
}

export interface Spreads {
  readonly ttft: Spread;
  readonly tpot: Spread;
  /** Of the errors of TTFT and TPOT of a run. */
  readonly correlation: number;
}

/** One engine's errors are not another's. */
export type SpreadsByBackend = Readonly<Record<Backend, Spreads>>;

/** What a fit to measurements found, as its file holds it. */
export interface Calibration {
  /** SHA-256 of the measured points and what was left out. */
  readonly data: { readonly digest: string; readonly points: number };
  readonly coefficients: Coefficients;
  /** By `groupKey`. */
  readonly groups: Readonly<Record<string, MeasuredGroup>>;
  readonly spreads: SpreadsByBackend;
  /** What is behind it: beyond that it extrapolates. */
  readonly covers: {
    readonly hardware: readonly string[];
    readonly models: readonly string[];
    readonly formats: readonly string[];
    /** Parameters a token meets, fewest and most, in 1e9. */
    readonly activeParameters: readonly [fewest: number, most: number];
    /** Most GPUs of one replica. */
    readonly gpus: number;
    /** Longest prompt and output of one request, together. */
    readonly contextTokens: number;
  };
}

/** A kind's vector and how many runs, on how many curves, it was fitted to. */
export type MeasuredGroup = GroupVector & { readonly points: number; readonly curves: number };

/**
 * The kind of server that one vector stands for: the model's shape (checkpoints of one shape are alike, whatever they are
 * called and in whatever format), GPU and backend.
 */
export function groupKey({ model, hardware }: ReplicaSpec, backend: Backend): string {
  const experts = model.moe === null ? '' : `x${model.moe.experts}`;
  return `${model.attention.kind} ${model.hiddenSize}x${model.layers}${experts} | ${hardware.id} | ${backend}`;
}

export const SHIPPED_CALIBRATION = shipped as unknown as Calibration;

/**
 * Bands of a server: narrower where its kind was measured, wider beyond what the fit has seen.
 * @param contextTokens of its longest request.
 */
export function bandsFor(calibration: Calibration, spec: ReplicaSpec, backend: Backend, contextTokens = 0): Bands {
  const { groups, spreads, covers } = calibration;
  const curves = groups[groupKey(spec, backend)]?.curves ?? 0;
  const { ttft, tpot } = spreads[backend];
  const bands = { ttft: bandOf(ttft, curves), tpot: bandOf(tpot, curves) };
  return extrapolates(covers, spec, contextTokens).length === 0
    ? bands
    : { ttft: widened(bands.ttft), tpot: widened(bands.tpot) };
}

/**
 * The band of a kind of server whose vector was fitted to `curves` curves, 0 for one without. Each curve tells what its kind
 * has in common, with an error as large as the part within: of the variance between kinds a share
 * 1 / (1 + curves between^2 / within^2) is left.
 */
export function bandOf({ between, within }: Spread, curves: number): Band {
  const [common, own] = [between * between, within * within];
  // common / (1 + curves common / own), also where a run adds nothing.
  const left = curves === 0 ? common : (common * own) / Math.max(Number.MIN_VALUE, own + curves * common);
  const half = Math.sqrt(own + left);
  return [exp(-half), exp(half)];
}

/** What of a server, and of the requests it gets, the fit has never seen, in words. */
export function extrapolates(covers: Calibration['covers'], spec: ReplicaSpec, contextTokens = 0): string[] {
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
    ...(contextTokens > covers.contextTokens * SIZE_MARGIN
      ? [`requests of ${contextTokens} tokens (measured: up to ${covers.contextTokens})`]
      : []),
  ];
}

/** Models and requests so many times smaller or larger than any that was measured are still like them. */
const SIZE_MARGIN = 1.5;

/** Half as wide again, in logarithms. An assumption: nothing was measured there. */
function widened([low, high]: Band): Band {
  return [pow(low, 1.5), pow(high, 1.5)];
}

export function timingModelOf(calibration: Calibration, spec: ReplicaSpec, backend: Backend): TimingModel {
  const { coefficients, groups } = calibration;
  return { coefficients, group: groups[groupKey(spec, backend)] ?? null };
}
