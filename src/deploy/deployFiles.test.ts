import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { catalogFacts } from '../config/facts.ts';
import { parsePredict } from '../config/loadPredict.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { deployFiles } from './deployFiles.ts';

// biome-ignore lint/suspicious/noExplicitAny: a foreign document, looked into at will
type Tree = Record<string, any>;

function configOf(engine: string, rest = ''): PredictConfig {
  const text = `traffic: {source: {type: preset, name: chat}, load: {concurrency: 1}}\nengine: ${engine}\n${rest}`;
  return parsePredict(text, 'f.yaml', [], catalogFacts);
}

const documentsOf = (config: PredictConfig, file: string): Tree[] =>
  parseAllDocuments(deployFiles(config, catalogFacts).get(file)!).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Tree;
  });

const LLAMA = configOf(
  '{model: meta-llama/Llama-3.1-70B, quantization: fp8, hardware: h200_sxm, workers: {aggregated: {parallelism: {replicas: 3, tensor: 4}}}}',
  'router: {policy: prefix_aware}',
);

const SPLIT = (backend: string, version = '') =>
  configOf(
    `{model: deepseek-ai/DeepSeek-R1, hardware: h200_sxm, backend: ${backend}, ${version} workers: {
      prefill: {parallelism: {replicas: 2, attention_data: 8, moe_expert: 8}},
      decode: {parallelism: {attention_data: 16, moe_expert: 16}, speculation: {method: mtp, draft_tokens: 1, acceptance: 0.8}}}}`,
  );

describe('launch commands', () => {
  const launch = (config: PredictConfig, file: string) => deployFiles(config, catalogFacts).get(`launch/${file}`);

  test('vLLM', () => {
    expect(launch(LLAMA, 'aggregated.sh')).toBe(`#!/bin/sh
# vLLM 0.28.0 on 4 x h200_sxm: run it 3 times, each on GPUs of its own.
vllm serve meta-llama/Llama-3.1-70B \\
  --tensor-parallel-size 4 \\
  --quantization fp8 \\
  --max-num-batched-tokens 8192 \\
  --max-num-seqs 1024 \\
  --gpu-memory-utilization 0.92
`);
  });

  test('SGLang counts all ranks of a replica together', () => {
    expect(launch(SPLIT('sglang'), 'prefill.sh')).toBe(`#!/bin/sh
# SGLang 0.5.12 on 8 x h200_sxm: run it 2 times, each on GPUs of its own.
python3 -m sglang.launch_server --model-path deepseek-ai/DeepSeek-R1 \\
  --tp-size 8 \\
  --dp-size 8 \\
  --enable-dp-attention \\
  --ep-size 8 \\
  --chunked-prefill-size 8192 \\
  --mem-fraction-static 0.769 \\
  --disaggregation-mode prefill \\
  --disaggregation-transfer-backend nixl \\
  --host 0.0.0.0 \\
  --enable-metrics
`);
    expect(launch(SPLIT('sglang'), 'router.sh')).toContain('--prefill http://prefill-1:30000');
  });

  test("TensorRT-LLM's settings stand in its options file", () => {
    expect(launch(SPLIT('trtllm'), 'prefill.sh')).toContain(
      'trtllm-serve deepseek-ai/DeepSeek-R1 \\\n  --host 0.0.0.0 \\\n  --extra_llm_api_options prefill.yaml',
    );
    expect(documentsOf(SPLIT('trtllm'), 'launch/decode.yaml')[0]).toEqual({
      tensor_parallel_size: 16,
      enable_attention_dp: true,
      moe_tensor_parallel_size: 1,
      moe_expert_parallel_size: 16,
      max_num_tokens: 8192,
      max_batch_size: 2048,
      kv_cache_config: { free_gpu_memory_fraction: 0.9 },
      speculative_config: { decoding_type: 'MTP', num_nextn_predict_layers: 1 },
      cache_transceiver_config: { backend: 'DEFAULT' },
    });
    // Prefill workers run without overlap.
    expect(documentsOf(SPLIT('trtllm'), 'launch/prefill.yaml')[0].disable_overlap_scheduler).toBe(true);
    expect(documentsOf(SPLIT('trtllm'), 'launch/disaggregated.yaml')[0]).toMatchObject({
      context_servers: { num_instances: 2, urls: ['prefill-0:8000', 'prefill-1:8000'] },
      generation_servers: { num_instances: 1 },
    });
  });
});

describe('a Dynamo graph', () => {
  test('has a frontend that routes and workers that tell it what they cache', () => {
    const [graph] = documentsOf(LLAMA, 'dynamo.yaml');
    expect(graph).toMatchObject({
      apiVersion: 'nvidia.com/v1beta1',
      kind: 'DynamoGraphDeployment',
      metadata: { name: 'llama-3-1-70b' },
    });
    const [frontend, worker] = graph.spec.components;
    expect(frontend).toMatchObject({ name: 'Frontend', type: 'frontend', replicas: 1 });
    expect(frontend.podTemplate.spec.containers[0].env).toEqual([{ name: 'DYN_ROUTER_MODE', value: 'kv' }]);
    expect(worker).toMatchObject({ name: 'AggregatedWorker', type: 'worker', replicas: 3, sharedMemorySize: '64Gi' });
    const [main] = worker.podTemplate.spec.containers;
    expect(main).toMatchObject({
      name: 'main',
      image: 'nvcr.io/nvidia/ai-dynamo/vllm-runtime:1.3.0',
      command: ['python3', '-m', 'dynamo.vllm'],
      resources: { limits: { 'nvidia.com/gpu': '4' } },
    });
    expect(main.args.slice(0, 4)).toEqual(['--model', 'meta-llama/Llama-3.1-70B', '--tensor-parallel-size', '4']);
    expect(JSON.parse(main.args[main.args.indexOf('--kv-events-config') + 1])).toMatchObject({ publisher: 'zmq' });
  });

  test('before 1.3 it has services, and several nodes where a server needs them', () => {
    const [graph] = documentsOf(SPLIT('vllm', 'backend_version: "0.19.0",'), 'dynamo.yaml');
    expect(graph.apiVersion).toBe('nvidia.com/v1alpha1');
    const { Frontend, PrefillWorker, DecodeWorker } = graph.spec.services;
    expect(Frontend.componentType).toBe('frontend');
    expect(PrefillWorker).toMatchObject({
      componentType: 'worker',
      subComponentType: 'prefill',
      replicas: 2,
      resources: { limits: { gpu: '8' } },
    });
    expect(DecodeWorker).toMatchObject({ subComponentType: 'decode', multinode: { nodeCount: 2 } });
    const { image, args } = DecodeWorker.extraPodSpec.mainContainer;
    expect(image).toBe('nvcr.io/nvidia/ai-dynamo/vllm-runtime:1.1.0');
    expect(args.slice(-2)).toEqual(['--disaggregation-mode', 'decode']);
  });

  test("TensorRT-LLM's options come by ConfigMap", () => {
    const [map, , graph] = documentsOf(SPLIT('trtllm'), 'dynamo.yaml');
    expect(map).toMatchObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'deepseek-r1-prefill-options' },
    });
    expect(parseAllDocuments(map.data['options.yaml'])[0].toJS()).toMatchObject({ enable_attention_dp: true });
    expect(JSON.stringify(graph)).toContain('"--extra-engine-args","/etc/engine/options.yaml"');
  });
});

describe('plain Kubernetes', () => {
  test('a Deployment and a Service for each pool', () => {
    const [deployment, service] = documentsOf(LLAMA, 'kubernetes.yaml');
    const { spec } = deployment;
    expect([deployment.kind, service.kind]).toEqual(['Deployment', 'Service']);
    expect(spec.replicas).toBe(3);
    expect(spec.selector.matchLabels).toEqual(spec.template.metadata.labels);
    expect(service.spec.selector).toEqual(spec.template.metadata.labels);
    const [container] = spec.template.spec.containers;
    expect(container).toMatchObject({
      image: 'vllm/vllm-openai:v0.28.0',
      command: ['vllm'],
      resources: { limits: { 'nvidia.com/gpu': '4' } },
    });
    expect(container.args.slice(0, 2)).toEqual(['serve', 'meta-llama/Llama-3.1-70B']);
    expect(container.startupProbe.httpGet).toEqual({ path: '/health', port: 'http' });
    expect(spec.template.spec.volumes[0].emptyDir).toEqual({ medium: 'Memory', sizeLimit: '64Gi' });
  });

  test('a server over several nodes is a group of pods', () => {
    const objects = documentsOf(SPLIT('vllm'), 'kubernetes.yaml');
    expect(objects.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'LeaderWorkerSet', 'Service']);
    const { leaderWorkerTemplate: group } = objects[2].spec;
    expect(group.size).toBe(2);
    const argsOf = (template: Tree): string[] => template.spec.containers[0].args;
    expect(argsOf(group.leaderTemplate)).toContain('$(LWS_LEADER_ADDRESS)');
    expect(argsOf(group.leaderTemplate)).not.toContain('--headless');
    expect(argsOf(group.workerTemplate).at(-1)).toBe('--headless');
    expect(group.workerTemplate.spec.containers[0]).not.toHaveProperty('readinessProbe');
    expect(objects[3].spec.selector).toMatchObject({ role: 'leader' });
  });

  test('what it cannot show is said instead', () => {
    const objects = documentsOf(SPLIT('trtllm'), 'kubernetes.yaml');
    expect(objects.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Deployment', 'Service']);
    expect(deployFiles(SPLIT('trtllm'), catalogFacts).get('README.md')).toContain('decode spans 2 nodes');
  });
});

test('settings without a flag are listed', () => {
  const notes = deployFiles(SPLIT('vllm'), catalogFacts).get('README.md')!;
  expect(notes).toContain('| `engine.workers.decode.speculation.acceptance` | `[0.8]` | what models and prompts give');
  expect(notes).toContain('| `engine.workers.prefill.parallelism.replicas` | `2` |');
  expect(notes).toContain('`dynamo.yaml` uses Dynamo 1.3.0, which ships vLLM 0.24.0, not 0.28.0.');
  const mixed = configOf(
    '{mode: disaggregated, model: Qwen/Qwen3-8B, hardware: h100_sxm, workers: {aggregated: {}, prefill: {}, decode: {}}}',
    'faults: {policy: migrate}',
  );
  const ofMixed = deployFiles(mixed, catalogFacts).get('README.md')!;
  for (const note of ['need a proxy that knows both', 'simulated as a reserve', '`--migration-limit 3`'])
    expect(ofMixed).toContain(note);
  for (const note of ['as a reserve', '--migration-limit']) expect(notes).not.toContain(note);
  const tiered = (tiers: string) =>
    deployFiles(
      configOf(`{model: Qwen/Qwen3-8B, hardware: h100_sxm, workers: {aggregated: {kv_cache: {tiers: ${tiers}}}}}`),
      catalogFacts,
    );
  const host = tiered('{host: {capacity_gb_per_gpu: 100}}');
  expect(host.get('README.md')).not.toContain('KV tiers');
  expect(host.get('launch/aggregated.sh')).toContain('--kv-offloading-size 93.132257');
  const disk = tiered('{host: {capacity_gb_per_gpu: 100}, disk: {capacity_gb_per_gpu: 100}}');
  expect(disk.get('README.md')).toContain('is simulated with KV tiers');
  expect(notes).not.toContain('KV tiers');
  const int4 = configOf('{model: Qwen/Qwen3-8B, quantization: int4, hardware: l40s, workers: {aggregated: {}}}');
  expect(deployFiles(int4, catalogFacts).get('README.md')).toContain('serve a checkpoint of Qwen/Qwen3-8B in int4');
});

test('a policy that Dynamo does not have is said', () => {
  const routed = (policy: string) => {
    const engine = '{model: Qwen/Qwen3-8B, hardware: l40s, workers: {aggregated: {parallelism: {replicas: 2}}}}';
    const config = configOf(engine, `router: {policy: ${policy}}`);
    const [frontend] = documentsOf(config, 'dynamo.yaml')[0].spec.components;
    return [frontend.podTemplate.spec.containers[0].env[0].value, deployFiles(config, catalogFacts).get('README.md')];
  };
  expect(routed('power_of_two')).toEqual(['power-of-two', expect.stringContaining("is Dynamo's `power-of-two`")]);
  expect(routed('least_tokens')).toEqual(['round-robin', expect.stringContaining('is no policy of Dynamo')]);
});

test('pools whose names clean up to the same have files of their own', () => {
  const config = configOf(
    '{model: Qwen/Qwen3-8B, hardware: l40s, workers: {aggregated: [{name: "a b"}, {name: "a_b"}]}}',
  );
  expect([...deployFiles(config, catalogFacts).keys()].slice(0, 2)).toEqual(['launch/a-b.sh', 'launch/a-b-2.sh']);
});
