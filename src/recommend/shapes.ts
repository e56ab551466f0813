import type { Backend } from '../catalog/engineProfile.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import type { ModelFacts, WeightDtype } from '../catalog/model.ts';
import { type Shape, shapeProblems } from '../config/shapeRules.ts';
import type { Refusal } from './refusal.ts';

/** GPUs on one board without a scale-up link: they reach each other by PCIe. */
const PCIE_NODE_GPUS = 8;

/** Rows of one scale of block-quantised fp8 weights: a slice of an expert must hold whole blocks. */
const FP8_BLOCK = 128;

/**
 * Why `model` cannot run in this shape on this GPU, in words that do not name the single case; null when it can. Replicas with
 * experts may be larger than a domain when somebody asks for them.
 */
export function shapeRefusal(
  model: ModelFacts,
  hardware: HardwareFacts,
  quantization: WeightDtype,
  shape: Shape,
  backend: Backend,
  isAskedFor = false,
): Refusal | null {
  const problem = shapeProblems(model, shape, backend)[0];
  if (problem !== undefined) return { kind: 'illegal', reason: withoutFigure(problem.message, problem.field) };
  const gpus = shape.tensor * shape.attention_data;
  const domain = hardware.scaleUpGBps === null ? PCIE_NODE_GPUS : hardware.scaleUpDomain.value;
  if (gpus > domain && !(isAskedFor && shape.moe_expert > 1)) {
    return {
      kind: 'illegal',
      reason: `a replica is larger than the ${domain} GPUs that ${hardware.id} links directly`,
    };
  }
  return blockRefusal(model, quantization, shape);
}

/** vLLM 017e9f4, layers/quantization/fp8.py: sliced widths must be multiples of the scale block. */
function blockRefusal(model: ModelFacts, quantization: WeightDtype, shape: Shape): Refusal | null {
  if (quantization !== 'fp8_block') return null;
  const slices: (readonly [string, number])[] = [
    ...(model.moe === null ? [] : [['expert', model.moe.expertSize / shape.moe_tensor] as const]),
    ...(model.denseSize === 0 ? [] : [['feed-forward', model.denseSize / shape.tensor] as const]),
  ];
  const broken = slices.find(([, width]) => width % FP8_BLOCK !== 0);
  if (broken === undefined) return null;
  return {
    kind: 'illegal',
    reason: `tensor parallelism cuts the ${broken[0]} width of ${model.id} inside a block of ${FP8_BLOCK} (fp8 scales)`,
  };
}

function withoutFigure(message: string, field: string): string {
  return `${field} ${message.replace(/, got .*$/, '')}`;
}

/** How a shape spreads a model: what default shapes are made of. */
export type ShapeFamily = 'tensor' | 'tensor_expert' | 'data_expert';

/**
 * The family a shape belongs to: plain tensor parallelism, tensor parallelism with whole experts spread over the same
 * GPUs, or attention data parallelism with spread experts. null for mixtures, which are only tried when asked for.
 */
export function shapeFamily(model: ModelFacts, shape: Shape): ShapeFamily | null {
  const gpus = shape.tensor * shape.attention_data;
  if (shape.attention_data === 1 && shape.moe_expert === 1) return 'tensor';
  if (model.moe === null || shape.moe_expert !== gpus) return null;
  if (shape.attention_data === 1) return 'tensor_expert';
  return shape.tensor === 1 ? 'data_expert' : null;
}
