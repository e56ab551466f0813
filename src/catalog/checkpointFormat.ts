import type { ConfigReader } from './configReader.ts';
import type { WeightDtype } from './model.ts';

/** Formats of a published checkpoint: of its matrices, and of its routed experts where those differ. */
export interface CheckpointFormat {
  readonly checkpointDtype: WeightDtype;
  readonly expertDtype: WeightDtype | null;
}

const BLOCK_KEYS = ['quantization_config', 'compression_config'] as const;

/**
 * Reads the quantization block, at the top level or in the nested text model; without one the checkpoint is bf16.
 * Where a block leaves all attention unquantized, only the routed experts count as quantized: ModelFacts has no third
 * format, and shared experts and leading dense layers are under 1 % of such models.
 * @throws InputError for methods whose bytes per weight are unknown here (mixed precision, bitsandbytes, GGUF ...).
 */
export function checkpointFormat(
  config: ConfigReader,
  decoder: ConfigReader,
  layers: number,
  moe: boolean,
): CheckpointFormat {
  const block = BLOCK_KEYS.map((key) => config.child(key) ?? decoder.child(key)).find((found) => found !== undefined);
  if (block === undefined) return { checkpointDtype: 'bf16', expertDtype: null };
  const dtype = quantizedDtype(block);
  // MXFP4 checkpoints (gpt-oss) quantize only the experts, with or without a list that says so.
  if (dtype !== 'mxfp4' && !leavesAttentionOut(block, layers)) return { checkpointDtype: dtype, expertDtype: null };
  if (!moe) throw block.error('quant_method', 'quantizes the feed-forward but not the attention of a dense model');
  return { checkpointDtype: 'bf16', expertDtype: dtype };
}

function quantizedDtype(block: ConfigReader): WeightDtype {
  const method = block.text('quant_method') ?? '';
  switch (method) {
    case 'fp8':
      return block.get('weight_block_size') === undefined ? 'fp8' : 'fp8_block';
    case 'fbgemm_fp8':
      return 'fp8';
    case 'mxfp4':
      return 'mxfp4';
    case 'awq':
    case 'gptq':
      return integerDtype(block, block.count('bits', 'w_bit'));
    case 'modelopt':
    case 'modelopt_fp4':
      return modeloptDtype(block);
    case 'compressed-tensors':
      return compressedTensorsDtype(block);
    default:
      throw block.error('quant_method', `"${method}" is not supported`);
  }
}

function modeloptDtype(block: ConfigReader): WeightDtype {
  const algorithm = block.text('quant_algo') ?? '';
  switch (algorithm) {
    case 'FP8':
      return 'fp8';
    case 'FP8_PB_WO':
      return 'fp8_block';
    case 'NVFP4':
      return 'nvfp4';
    default:
      throw block.error('quant_algo', `"${algorithm}" is not supported`);
  }
}

function compressedTensorsDtype(block: ConfigReader): WeightDtype {
  const groups = block.child('config_groups');
  const weights = groups?.child('group_0')?.child('weights');
  if (weights === undefined) throw block.error('config_groups.group_0.weights', 'is missing');
  if (groups?.child('group_1') !== undefined)
    throw block.error('config_groups', 'with several groups is not supported');
  const bits = weights.count('num_bits');
  if (weights.text('type') !== 'float') return integerDtype(weights, bits);
  if (bits === 8) return weights.text('strategy') === 'block' ? 'fp8_block' : 'fp8';
  if (bits === 4) return weights.get('group_size') === 32 ? 'mxfp4' : 'nvfp4';
  throw weights.error('num_bits', `${bits}-bit floats are not supported`);
}

function integerDtype(block: ConfigReader, bits: number): WeightDtype {
  if (bits === 4) return 'int4';
  if (bits === 8) return 'int8';
  throw block.error(block.firstKey('num_bits', 'bits') ?? 'w_bit', `${bits}-bit integers are not supported`);
}

/** The attention module as a whole, by a pattern over all layers or one entry per layer; not one of its projections. */
const WHOLE_ATTENTION = /self_attn\W*$/;
const ONE_LAYER = /layers\.(\d+)\./;

function leavesAttentionOut(block: ConfigReader, layers: number): boolean {
  const lists = [...block.texts('ignore'), ...block.texts('exclude_modules'), ...block.texts('modules_to_not_convert')];
  const attention = lists.filter((entry) => WHOLE_ATTENTION.test(entry));
  const layerNumbers = attention.map((entry) => ONE_LAYER.exec(entry)?.[1]);
  return layerNumbers.includes(undefined) || (layers > 0 && new Set(layerNumbers).size === layers);
}
