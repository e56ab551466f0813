import { expect, it } from 'vitest';
import { loadWorkload } from '../config/buildWorkload.ts';
import { parsePredict } from '../config/loadPredict.ts';
import { readFacts } from '../config/readFacts.ts';
import { checkLaws } from '../metrics/laws.ts';
import { predict } from './prediction.ts';

async function warningsOf(source: string, requests: number): Promise<readonly string[]> {
  const facts = readFacts('.');
  const config = parsePredict(
    `traffic:
  source: {${source}, requests: ${requests}}
  load: {type: poisson, requests_per_second: 8}
engine:
  model: Qwen/Qwen3-8B
  hardware: h100_sxm
  workers: {aggregated: {parallelism: {replicas: 2}}}
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
