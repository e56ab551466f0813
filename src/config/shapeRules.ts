import type { Backend } from '../catalog/engineProfile.ts';
import type { ModelFacts } from '../catalog/model.ts';

export interface Shape {
  readonly tensor: number;
  readonly pipeline: number;
  readonly attention_data: number;
  readonly moe_tensor: number;
  readonly moe_expert: number;
}

export interface ShapeProblem {
  /** The field to change. */
  readonly field: keyof Shape;
  readonly message: string;
}

/** MoE slices where the user gave none or one of them: all GPUs of the replica, as slices of every expert (vLLM's default). */
export function defaultMoe(
  model: ModelFacts | null,
  gpus: number,
  given: { readonly moe_tensor?: number | undefined; readonly moe_expert?: number | undefined },
): { moe_tensor: number; moe_expert: number } {
  if (model?.moe == null) return { moe_tensor: given.moe_tensor ?? 1, moe_expert: given.moe_expert ?? 1 };
  const moeExpert =
    given.moe_expert ?? (given.moe_tensor === undefined ? 1 : Math.max(1, Math.floor(gpus / given.moe_tensor)));
  return { moe_tensor: given.moe_tensor ?? Math.max(1, Math.floor(gpus / moeExpert)), moe_expert: moeExpert };
}

/**
 * Why an engine cannot run `model` in this shape; empty when it can. Tensor parallelism divides the query heads and either
 * divides the KV heads or is a multiple of them (they are then replicated). Experts share the replica's GPUs: vLLM slices
 * them over all or, with expert parallelism, spreads them whole (017e9f4, config/model.py and fused_moe/config.py);
 * SGLang and TensorRT-LLM mix both. TensorRT-LLM's attention DP takes all tensor ranks (llmapi/llm_args.py).
 */
export function shapeProblems(model: ModelFacts, shape: Shape, backend: Backend): ShapeProblem[] {
  const problems: ShapeProblem[] = [];
  const bad = (field: keyof Shape, message: string) => problems.push({ field, message });
  const { attention, moe } = model;
  const { tensor, pipeline, attention_data, moe_tensor, moe_expert } = shape;
  if (pipeline > model.layers) {
    bad('pipeline', `must be at most the ${model.layers} layers of ${model.id}, got ${pipeline}`);
  }
  if (attention.heads % tensor !== 0) {
    bad('tensor', `must divide the ${attention.heads} attention heads of ${model.id}, got ${tensor}`);
  } else if (attention.kind === 'gqa' && attention.kvHeads % tensor !== 0 && tensor % attention.kvHeads !== 0) {
    bad(
      'tensor',
      `must divide the ${attention.kvHeads} KV heads of ${model.id} or be a multiple of them, got ${tensor}`,
    );
  }
  if (moe === null) {
    const why = `${model.id} has no experts`;
    if (attention_data !== 1) bad('attention_data', `must be 1, ${why} (use replicas instead), got ${attention_data}`);
    if (moe_tensor !== 1) bad('moe_tensor', `must be 1, ${why}, got ${moe_tensor}`);
    if (moe_expert !== 1) bad('moe_expert', `must be 1, ${why}, got ${moe_expert}`);
    return problems;
  }
  const gpus = tensor * attention_data;
  if (backend === 'trtllm' && attention_data !== 1 && tensor !== 1) {
    bad('tensor', `must be 1 with attention DP, TensorRT-LLM spreads it over all GPUs of a replica, got ${tensor}`);
  }
  if (backend === 'vllm' && moe_expert !== 1 && moe_expert !== gpus) {
    bad('moe_expert', `must be 1 or tensor x attention_data = ${gpus}, vLLM has no mixed shape, got ${moe_expert}`);
  } else if (moe_tensor * moe_expert !== gpus) {
    bad(
      'moe_tensor',
      `moe_tensor x moe_expert must be tensor x attention_data = ${gpus}, got ${moe_tensor} x ${moe_expert}`,
    );
  }
  if (moe.expertSize % moe_tensor !== 0) {
    bad('moe_tensor', `must divide the expert width of ${moe.expertSize} of ${model.id}, got ${moe_tensor}`);
  }
  if (moe.experts % moe_expert !== 0) {
    bad('moe_expert', `must divide the ${moe.experts} experts of ${model.id}, got ${moe_expert}`);
  }
  return problems;
}
