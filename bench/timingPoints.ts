/** Measured serving points, and the timing model's closed-form prediction of their TPOT. Shared by the timing evidence. */
import { readFileSync } from 'node:fs';
import Papa from 'papaparse';
import { InputError } from '../src/base/inputError.ts';
import { findHardware } from '../src/catalog/hardwareList.ts';
import type { KvDtype, WeightDtype } from '../src/catalog/model.ts';
import { findModel } from '../src/catalog/models.ts';
import type { RooflineScales } from '../src/timing/constants.ts';
import { PassShape } from '../src/timing/passShape.ts';
import type { ReplicaSpec } from '../src/timing/replica.ts';
import { compileTimer } from '../src/timing/roofline.ts';
import type { StepTimer } from '../src/timing/stepTimer.ts';

export interface MeasuredPoint {
  readonly model: string;
  readonly system: string;
  readonly backend: string;
  readonly precision: string;
  /** Grouped folds: every (model family, GPU) is in one. */
  readonly fold: string;
  readonly spec: ReplicaSpec;
  /** Mean lengths of the run, tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Lengths are uniform between these shares of their mean. */
  readonly lengthShares: readonly [number, number];
  readonly concurrency: number;
  readonly tpotMs: number;
  /** null where it is not trusted. */
  readonly ttftMs: number | null;
}

type Row = Readonly<Record<string, string>>;

const DTYPES: Readonly<Record<string, WeightDtype>> = {
  bfloat16: 'bf16',
  fp8: 'fp8',
  fp8_block: 'fp8_block',
  nvfp4: 'nvfp4',
  w4a8_mxfp4_mxfp8: 'mxfp4',
  int4_wo: 'int4',
};

/** The points of `$DYNOSIM_DATA/silicon/calibration.csv` trusted for TPOT; those of unknown models are counted by model. */
export function measuredPoints(): { points: MeasuredPoint[]; skipped: Map<string, number> } {
  const folder = process.env.DYNOSIM_DATA;
  if (folder === undefined) throw new Error('DYNOSIM_DATA must name the folder that holds silicon/calibration.csv');
  const text = readFileSync(`${folder}/silicon/calibration.csv`, 'utf8');
  const { data } = Papa.parse<Row>(text, { header: true, skipEmptyLines: true });
  const points: MeasuredPoint[] = [];
  const skipped = new Map<string, number>();
  for (const row of data.filter((one) => one.trusted_tpot === '1')) {
    try {
      points.push(pointOf(row));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      skipped.set(row.model, (skipped.get(row.model) ?? 0) + 1);
    }
  }
  return { points, skipped };
}

function pointOf(row: Row): MeasuredPoint {
  const [low, high] = row.length_range.includes('-') ? row.length_range.split('-').map(Number) : [1, 1];
  const share = (low + high) / 2;
  return {
    model: row.model,
    system: row.system,
    backend: row.backend,
    precision: row.precision,
    fold: row.fold,
    spec: {
      model: findModel(row.model),
      hardware: findHardware(row.system),
      parallelism: {
        tensor: Number(row.tensor),
        pipeline: 1,
        attentionData: Number(row.attention_data),
        moeTensor: Number(row.moe_tensor),
        moeExpert: Number(row.moe_expert),
      },
      weightDtype: DTYPES[row.gemm_dtype],
      expertDtype: DTYPES[row.moe_dtype],
      kvDtype: kvDtypeOf(row),
    },
    inputTokens: Math.round(share * Number(row.input_tokens)),
    outputTokens: Math.round(share * Number(row.output_tokens)),
    lengthShares: [low / share, high / share],
    concurrency: Number(row.concurrency),
    tpotMs: Number(row.tpot_mean_ms),
    ttftMs: row.trusted_ttft === '1' ? Number(row.ttft_mean_ms) : null,
  };
}

/** Where no recipe says: fp8 on Blackwell and with fp8 weights. */
function kvDtypeOf(row: Row): KvDtype {
  if (row.kv_dtype_resolved === 'fp8' || row.kv_dtype_resolved === 'bf16') return row.kv_dtype_resolved;
  return row.system.startsWith('b') || row.gemm_dtype.startsWith('fp8') ? 'fp8' : 'bf16';
}

/**
 * Mean TPOT of a closed loop of c slots, ms: D(b) + P (b - b/c) / Lo, where D is a decode pass of b sequences at their
 * mean context, P what one prompt adds to it (a pass of its own under SGLang, which does not mix by default), and b = c
 * less the slots that are in prefill themselves, c Lo TPOT / (Lo TPOT + TTFT).
 */
export function predictTpotMs(point: MeasuredPoint, scales?: RooflineScales): number {
  const timer = compileTimer(point.spec, scales === undefined ? {} : { scales });
  const { concurrency, outputTokens } = point;
  let decoding = concurrency;
  let tpotNs = 0;
  for (let round = 0; round < 6; round++) {
    const { decodeNs, addedNs, ttftNs } = passTimes(timer, point, decoding);
    tpotNs = decodeNs + (addedNs * (decoding - decoding / concurrency)) / outputTokens;
    const busyNs = tpotNs * outputTokens;
    decoding = 0.5 * decoding + (0.5 * concurrency * busyNs) / (busyNs + ttftNs);
  }
  return tpotNs / 1e6;
}

/** The same without the two corrections: D(c) + P c / Lo. */
export function plainTpotMs(point: MeasuredPoint): number {
  const { decodeNs, addedNs } = passTimes(compileTimer(point.spec), point, point.concurrency);
  return (decodeNs + (addedNs * point.concurrency) / point.outputTokens) / 1e6;
}

function passTimes(timer: StepTimer, point: MeasuredPoint, decoding: number) {
  const context = point.inputTokens + point.outputTokens / 2;
  const windowed = Math.min(context, timer.window);
  const decodeNs = timer.decodeNs(Math.max(1, Math.round(decoding)), decoding * context, decoding * windowed);
  const shape = new PassShape(timer.window);
  let withoutNs = 0;
  if (point.backend !== 'sglang' && decoding > 1) {
    const others = decoding - 1;
    shape.setDecodes(Math.max(1, Math.round(others)), others * context, others * windowed);
    withoutNs = timer.passNs(shape);
  }
  shape.addChunk(0, point.inputTokens, true);
  const ttftNs = timer.passNs(shape);
  return { decodeNs, addedNs: ttftNs - withoutNs, ttftNs };
}
