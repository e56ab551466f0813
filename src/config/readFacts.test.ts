import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { messageOf } from '../../test/support/messageOf.ts';
import { hardwareToFile } from '../catalog/hardwareFile.ts';
import { findHardware } from '../catalog/hardwareList.ts';
import { configHash } from './configHash.ts';
import { parsePredict } from './loadPredict.ts';
import { readFacts } from './readFacts.ts';

const folder = mkdtempSync(join(tmpdir(), 'dynosim-facts-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG_JSON = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  max_position_embeddings: 8192,
  vocab_size: 32000,
};
mkdirSync(join(folder, 'tiny'));
writeFileSync(join(folder, 'tiny', 'config.json'), JSON.stringify(CONFIG_JSON));
const gpu = stringify(hardwareToFile(findHardware('l4')));
writeFileSync(join(folder, 'gpu.yaml'), gpu);
writeFileSync(join(folder, 'copy.yaml'), gpu.replace('NVIDIA L4', 'Another name'));
writeFileSync(join(folder, 'faster.yaml'), gpu.replace('value: 121', 'value: 122'));
writeFileSync(join(folder, 'broken.yaml'), gpu.replace('value: 121', 'value: -121'));

function parse(model: string, hardware: string) {
  const text = `traffic: {source: {type: preset, name: chat}, load: {type: concurrency, concurrency: 1}}
engine: {model: ${model}, hardware: ${hardware}, workers: {aggregated: {}}}
`;
  const facts = readFacts(folder);
  const config = parsePredict(text, 'f.yaml', [], facts);
  return { config, hash: configHash(config, 'trace digest', facts) };
}

test('a folder with a config.json is a model, a YAML file a GPU', () => {
  const { config } = parse('./tiny', './gpu.yaml');
  expect(config.engine.workers.aggregated![0]).toMatchObject({
    hardware: './gpu.yaml',
    scheduler: { max_batched_tokens: 2048, max_sequences: 256 },
  });
  expect(readFacts(folder).model('./tiny/config.json')).toMatchObject({ id: 'tiny', contextLength: 8192 });
});

describe('the hash of a configuration', () => {
  test('takes the figures of a file, not its name', () => {
    const { hash } = parse('./tiny', './gpu.yaml');
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(parse('tiny/config.json', './copy.yaml').hash).toBe(hash);
    expect(parse('./tiny', 'l4').hash).toBe(hash);
    expect(parse('./tiny', './faster.yaml').hash).not.toBe(hash);
  });

  test('changes with every setting and with the trace', () => {
    const facts = readFacts(folder);
    const { config, hash } = parse('./tiny', 'l4');
    expect(configHash({ ...config, seed: 1 }, 'trace digest', facts)).not.toBe(hash);
    expect(configHash(config, 'other digest', facts)).not.toBe(hash);
  });
});

test.each([
  ['./none', 'l4', `f.yaml:2:17 engine.model: no such file: ${join(folder, 'none')}`],
  ['./tiny', './none.yaml', `f.yaml:2:35 engine.hardware: no such file: ${join(folder, 'none.yaml')}`],
  [
    './tiny',
    './broken.yaml',
    `${join(folder, 'broken.yaml')}:4:10 tflops_bf16.value: must be greater than 0, got -121`,
  ],
  [
    'Qwen/Qwen3-8',
    'l4',
    'f.yaml:2:17 engine.model: no model "Qwen/Qwen3-8" in the catalog (did you mean "Qwen/Qwen3-8B"? Or give the path of its Hugging Face config.json)',
  ],
  ['./tiny', 'h200', 'f.yaml:2:35 engine.hardware: no GPU "h200" in the catalog (did you mean "h200_sxm"?)'],
])('%s on %s', (model, hardware, error) => {
  expect(messageOf(() => parse(model, hardware))).toBe(error);
});
