import { expect, it } from 'vitest';
import { loadWorkload } from '../config/buildWorkload.ts';
import { parsePredict } from '../config/loadPredict.ts';
import { readFacts } from '../config/readFacts.ts';
import { checkLaws } from '../metrics/laws.ts';
import { predict } from './prediction.ts';

async function warningsOf(source: string, requests: number, policy = 'fcfs', traffic = ''): Promise<readonly string[]> {
  const facts = readFacts('.');
  const config = parsePredict(
    `traffic:
  source: {${source}, requests: ${requests}}
  load: {type: poisson, requests_per_second: 8}
  ${traffic}
engine:
  model: Qwen/Qwen3-8B
  hardware: h100_sxm
  workers: {aggregated: {parallelism: {replicas: 2}, scheduler: {policy: ${policy}}}}
`,
    'test.yaml',
    [],
    facts,
  );
  const workload = await loadWorkload(config.traffic, config.seed, '.', 40_960);
  const { result, report } = predict(config, workload, { facts, version: '0', clockMs: () => 0 });
  expect(checkLaws(result, workload)).toEqual([]);
  return report.provenance.warnings;
}

it('says that conversations have not reached the rate that was asked for', async () => {
  expect(await warningsOf('type: preset, name: chat', 500)).toContainEqual(
    expect.stringMatching(/^8 requests\/s were asked for and \d\.\d came: /),
  );
});

it('says nothing where single requests have', async () => {
  const warnings = await warningsOf('type: synthetic, input_tokens: 300, output_tokens: 20', 500);
  expect(warnings.filter((text) => text.includes('asked for'))).toEqual([]);
});

it('says that no request has the priority a policy goes by', async () => {
  const served = expect.stringContaining('policy priority serves in order of arrival');
  expect(await warningsOf('type: preset, name: chat', 50, 'priority')).toContainEqual(served);
  expect(await warningsOf('type: preset, name: chat', 50)).not.toContainEqual(served);
  const classes = 'classes: {default: {priority: 3}}';
  expect(await warningsOf('type: preset, name: chat', 50, 'priority', classes)).not.toContainEqual(served);
});
