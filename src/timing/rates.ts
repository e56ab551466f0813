import type { HardwareFacts } from '../catalog/hardware.ts';
import type { KvDtype, WeightDtype } from '../catalog/model.ts';
import { BYTES_PER_WEIGHT } from '../catalog/weights.ts';
import { FORMAT_REACH } from './constants.ts';

/** How a matrix product with weights of one format runs on one GPU. */
export interface Rates {
  readonly format: WeightDtype;
  /** Dense peak of the unit that multiplies, FLOP/s. */
  readonly flops: number;
  /** Share of that rate, against other formats, that its products reach. */
  readonly reach: number;
  /** HBM bytes per second. */
  readonly hbmBytesPerS: number;
  /** Bytes of one stored weight, block scales included. */
  readonly weightBytes: number;
  /** Bytes of one activation as the product reads it. */
  readonly activationBytes: number;
}

export function kvBytesOf(dtype: KvDtype): number {
  return dtype === 'fp8' ? 1 : 2;
}

/**
 * Rates of a product on a GPU. A format without a unit keeps its small weights and runs at the next wider rate: fp8 and
 * int8 at bf16 (weight-only kernels), nvfp4 at bf16, int4 always at bf16, mxfp4 at fp8 where the GPU has a 4-bit unit
 * (its activations are mxfp8 there) and at bf16 elsewhere.
 */
export function ratesFor(hardware: HardwareFacts, dtype: WeightDtype): Rates {
  const hbmBytesPerS = hardware.memoryBandwidthTBps.value * 1e12;
  const weightBytes = BYTES_PER_WEIGHT[dtype];
  const narrow = narrowUnit(hardware, dtype);
  const common = { format: dtype, hbmBytesPerS, weightBytes };
  if (narrow !== null) {
    return { ...common, flops: narrow.tflops * 1e12, reach: FORMAT_REACH[dtype], activationBytes: narrow.bytes };
  }
  return { ...common, flops: hardware.tflopsBf16.value * 1e12, reach: FORMAT_REACH.bf16, activationBytes: 2 };
}

/** The unit narrower than bf16 that this format uses, if the GPU has one that pays. */
function narrowUnit(hardware: HardwareFacts, dtype: WeightDtype): { tflops: number; bytes: number } | null {
  const { tflopsFp8, tflopsInt8, tflopsFp4 } = hardware;
  if (dtype === 'fp8' || dtype === 'fp8_block') return tflopsFp8 && { tflops: tflopsFp8.value, bytes: 1 };
  if (dtype === 'mxfp4') return tflopsFp4 && tflopsFp8 && { tflops: tflopsFp8.value, bytes: 1 };
  if (dtype === 'nvfp4') return tflopsFp4 && { tflops: tflopsFp4.value, bytes: BYTES_PER_WEIGHT.nvfp4 };
  // Blackwell Ultra keeps a token int8 unit far below its bf16 rate.
  if (dtype === 'int8' && tflopsInt8 && tflopsInt8.value > hardware.tflopsBf16.value) {
    return { tflops: tflopsInt8.value, bytes: 1 };
  }
  return null;
}
