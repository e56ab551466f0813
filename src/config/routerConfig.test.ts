import { describe, expect, test } from 'vitest';
import { simulate } from '../../test/support/lawfulSimulation.ts';
import { messageOf } from '../../test/support/messageOf.ts';
import { buildScenario } from './buildScenario.ts';
import { catalogFacts } from './facts.ts';
import { parsePredict } from './loadPredict.ts';
import { generateWorkload, shapeWorkload } from './shapeWorkload.ts';

function build(sections: string) {
  const text = `traffic:
  source: {type: synthetic, input_tokens: 2000, output_tokens: 10, requests: 40}
  load: {type: poisson, requests_per_second: 40}
engine: {model: meta-llama/Llama-3.1-70B, quantization: fp8, hardware: h100_sxm, context_length: 8192, workers: {
  prefill: {parallelism: {tensor: 2, replicas: 3}, scheduler: {max_batched_tokens: 4096}}, decode: {parallelism: {tensor: 4}}}}
${sections}
`;
  const config = parsePredict(text, 'f.yaml', [], catalogFacts);
  if (config.traffic.source.type === 'trace') throw new Error('the source is synthetic');
  const workload = shapeWorkload(generateWorkload(config.traffic.source, 0), config.traffic, 0, 1000);
  return buildScenario(config, workload, catalogFacts).scenario;
}

describe('a router section', () => {
  test('becomes what the router reads, in its units', () => {
    expect(
      build(
        'router: {policy: kv_router, overlap_score_credit: 0.5, use_kv_events: false, ttl_seconds: 5, queue_threshold: 2, queue_policy: wspt, session_affinity_seconds: 60, report_interval_ms: 100}',
      ).router,
    ).toEqual({
      policy: 'kv_router',
      scorer: { overlapCredit: 0.5, index: 'remembered', indexTtlNs: 5e9 },
      affinity: { ttlNs: 60e9 },
      reportIntervalNs: 100e6,
      queue: { thresholdTokens: 8192, order: 'wspt' },
    });
    expect(build('router: {policy: least_tokens}').router).toEqual({ policy: 'least_tokens' });
  });

  test('is refused where the policy would not read it', () => {
    expect(messageOf(() => build('router: {policy: random, temperature: 1}'))).toContain('random has no such setting');
    expect(messageOf(() => build('router: {policy: prefix_aware, queue_threshold: 1}'))).toContain('no such setting');
    expect(messageOf(() => build('router: {policy: kv_router, queue_policy: lcfs}'))).toContain('there is no queue');
  });
});

describe('a network section', () => {
  test('takes what it does not say from the hardware, and the links are then the only limit', () => {
    const { network, transfer } = build('network: {nodes_per_leaf: 4, oversubscription: 2}');
    expect(network).toEqual({
      gpusPerNode: 8,
      scaleUpGpus: 8,
      scaleUpBytesPerS: 450e9,
      nicsPerNode: 8,
      nicBytesPerS: 50e9,
      nodesPerLeaf: 4,
      oversubscription: 2,
    });
    expect(transfer!.bandwidthBytesPerS).toBe(Number.POSITIVE_INFINITY);
    expect(build('').network).toBeUndefined();
  });

  test('tells a 100 Gb/s card for eight GPUs from NVLink', () => {
    const mean = (sections: string): number => {
      const { log, network } = simulate(build(sections));
      expect(network!.transfers).toBe(40);
      return log.firstTokenNs.reduce((sum, ns, request) => sum + ns - log.arrivalNs[request], 0) / log.count;
    };
    const slow = mean('network: {scale_up_gpus: 1, nics_per_node: 1, nic_gb_per_second: 12.5}');
    expect(slow).toBeGreaterThan(mean('network: {}') + 20e6);
  });
});
