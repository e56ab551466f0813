import { describe, expect, it } from 'vitest';
import { hardwareFromUserFile } from './hardwareFile.ts';
import { findHardware } from './hardwareList.ts';
import { showCatalogEntry } from './show.ts';

describe('showCatalogEntry', () => {
  it('shows a GPU as a hardware file to copy', () => {
    expect(hardwareFromUserFile(showCatalogEntry('H200_SXM'), 'copy.yaml')).toEqual(findHardware('h200_sxm'));
  });

  it('shows a model with its sources and what follows from its shape', () => {
    expect(showCatalogEntry('deepseek-r1')).toMatchObject({
      id: 'deepseek-ai/DeepSeek-R1',
      hidden_size: 7168,
      attention: { kind: 'mla', kv_lora_rank: 512 },
      moe: { top_k: 8 },
      checkpoint_dtype: 'fp8_block',
      sources: { '*': 'deepseek-ai/DeepSeek-V3 config.json' },
    });
  });

  it('guesses among GPUs and models', () => {
    expect(() => showCatalogEntry('b200_smx')).toThrow('did you mean "b200_sxm"?');
    expect(() => showCatalogEntry('gpt-oss-120')).toThrow('did you mean "openai/gpt-oss-120b"?');
    expect(() => showCatalogEntry('Qwen/Qwen3-32')).toThrow(/^no model/);
  });

  it('shows an engine of a version with the source of each setting', () => {
    const { settings, ...shown } = showCatalogEntry('vLLM@0.19.1');
    expect(shown).toEqual({ backend: 'vllm', name: 'vLLM', version: '0.19.0', date: null });
    expect(settings).toMatchObject({ 'kv_cache.block_size': { value: 16 }, 'semantics.fullIslGate': { value: true } });
    expect(showCatalogEntry('trtllm').version).toBe('1.2.0');
    expect(() => showCatalogEntry('vllm@new')).toThrow('must be a version such as');
  });
});
