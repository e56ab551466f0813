import { describe, expect, it } from 'vitest';
import { findHardware } from '../catalog/hardwareList.ts';
import { findModel } from '../catalog/models.ts';
import { shapeFamily, shapeRefusal } from './shapes.ts';

const h200 = findHardware('h200_sxm');
const l4 = findHardware('l4');

function shape(tensor: number, attentionData = 1, moeTensor = 1, moeExpert = 1) {
  return { tensor, pipeline: 1, attention_data: attentionData, moe_tensor: moeTensor, moe_expert: moeExpert };
}

describe('shapeRefusal', () => {
  const llama = findModel('meta-llama/Llama-3.1-70B');
  const qwen = findModel('Qwen/Qwen3-235B-A22B');

  it('lets a dense model be cut over one scale-up domain and no further', () => {
    for (const tensor of [1, 2, 4, 8]) expect(shapeRefusal(llama, h200, 'fp8', shape(tensor), 'vllm')).toBeNull();
    expect(shapeRefusal(llama, h200, 'fp8', shape(16), 'vllm')?.kind).toBe('illegal');
    expect(shapeRefusal(llama, l4, 'fp8', shape(8), 'vllm')).toBeNull();
    // A rack of 72.
    expect(shapeRefusal(llama, findHardware('gb200'), 'fp8', shape(16), 'vllm')).toBeNull();
  });

  it('spreads experts over several domains only where somebody asks for it', () => {
    const wide = shape(1, 32, 1, 32);
    expect(shapeRefusal(qwen, h200, 'fp8', wide, 'vllm')?.reason).toContain('larger than the 8 GPUs');
    expect(shapeRefusal(qwen, h200, 'fp8', wide, 'vllm', true)).toBeNull();
    expect(shapeRefusal(llama, h200, 'fp8', shape(16), 'vllm', true)?.kind).toBe('illegal');
  });

  it('refuses what does not divide the heads, and parallel experts of a model without any', () => {
    expect(shapeRefusal(llama, h200, 'bf16', shape(3), 'vllm')?.reason).toContain(
      'tensor must divide the 64 attention heads',
    );
    expect(shapeRefusal(llama, h200, 'bf16', shape(1, 2), 'vllm')?.kind).toBe('illegal');
    expect(shapeRefusal(llama, h200, 'bf16', shape(2, 1, 1, 2), 'vllm')?.kind).toBe('illegal');
  });

  it('knows that 8 slices of an expert of 1536 break blocks of 128, and whole experts do not', () => {
    // 1536 / 8 = 192: vLLM refuses Qwen3-235B-A22B-FP8 at TP8 without expert parallelism.
    expect(shapeRefusal(qwen, h200, 'fp8_block', shape(8, 1, 8, 1), 'vllm')?.reason).toContain('inside a block of 128');
    expect(shapeRefusal(qwen, h200, 'bf16', shape(8, 1, 8, 1), 'vllm')).toBeNull();
    expect(shapeRefusal(qwen, h200, 'fp8_block', shape(4, 1, 4, 1), 'vllm')).toBeNull();
    expect(shapeRefusal(qwen, h200, 'fp8_block', shape(8, 1, 1, 8), 'vllm')).toBeNull();
  });

  it('says the same words for every case of a kind', () => {
    expect(shapeRefusal(llama, h200, 'bf16', shape(3), 'vllm')?.reason).toBe(
      shapeRefusal(llama, h200, 'bf16', shape(5), 'vllm')?.reason,
    );
  });
});

describe('shapeFamily', () => {
  const qwen = findModel('Qwen/Qwen3-30B-A3B');

  it('tells plain tensor, tensor with experts, data with experts, and mixtures apart', () => {
    expect(shapeFamily(qwen, shape(4, 1, 4, 1))).toBe('tensor');
    expect(shapeFamily(qwen, shape(4, 1, 1, 4))).toBe('tensor_expert');
    expect(shapeFamily(qwen, shape(1, 4, 1, 4))).toBe('data_expert');
    expect(shapeFamily(qwen, shape(2, 2, 1, 4))).toBeNull();
    expect(shapeFamily(qwen, shape(1, 4, 4, 1))).toBeNull();
  });
});
