/**
 * No golden configuration: the pick for each preset, run on every preset's workload. Rewrites the table between the
 * marks in docs/transfer.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { loadWorkload } from '../src/config/buildWorkload.ts';
import { catalogFacts } from '../src/config/facts.ts';
import { parseRecommend } from '../src/config/loadPredict.ts';
import type { PredictConfig } from '../src/config/predictConfig.ts';
import { contextLengthOf } from '../src/config/replicaSpec.ts';
import type { Report } from '../src/metrics/report.ts';
import { recommend } from '../src/recommend/recommend.ts';
import { configInWords } from '../src/report/configWords.ts';
import { formatPercent } from '../src/report/format.ts';
import { predict } from '../src/study/prediction.ts';
import { PRESET_NAMES } from '../src/workload/presets.ts';

const FILE = new URL('../docs/transfer.md', import.meta.url);
const MARKS = ['<!-- matrix -->', '<!-- /matrix -->'] as const;
const MODEL = 'Qwen/Qwen3-32B';
/** Requests a second of each preset, so that all ask for some four to twelve GPUs. */
const RATES = { chat: 30, code: 12, rag: 6, agent: 4 } as const;
const AS_IT_IS = { type: 'trace_timestamps', speedup: 1, spread: 'none' } as const;

function goalOf(preset: keyof typeof RATES): string {
  return `
traffic: {source: {type: preset, name: ${preset}, requests: 1200}, load: {type: poisson, requests_per_second: ${RATES[preset]}}}
engine: {model: ${MODEL}, hardware: {choices: [l40s, h100_sxm, h200_sxm]}, quantization: fp8}
evaluation: {slo: {ttft_ms: {p95: 2000}, tpot_ms: {p95: 60}}}
optimization: {objectives: [usd_per_hour, p95_e2e_ms], constraints: {max_candidate_gpus: 24}}`;
}

const picks: { preset: string; config: PredictConfig; report: Report }[] = [];
for (const preset of PRESET_NAMES) {
  const config = parseRecommend(goalOf(preset), preset, [], catalogFacts);
  const { contextLength } = catalogFacts.model(MODEL);
  const source = await loadWorkload({ ...config.traffic, load: AS_IT_IS }, config.seed, '.', contextLength);
  const { pick, tried } = await recommend(config, source, catalogFacts, {
    threads: availableParallelism(),
    version: '',
  });
  if (pick === null) throw new Error(`nothing is feasible for ${preset}`);
  console.log(`${preset}: ${pick.shape}, ${tried.full} full and ${tried.short} short of ${tried.enumerated}`);
  picks.push({ preset, config: pick.config, report: pick.summary });
}

const rows: string[] = [];
for (const { preset, config } of picks) {
  const cells: string[] = [];
  for (const on of picks) {
    const moved = { ...config, traffic: on.config.traffic, evaluation: on.config.evaluation };
    const workload = await loadWorkload(moved.traffic, moved.seed, '.', contextLengthOf(moved, catalogFacts));
    const { report } = predict(moved, workload, { facts: catalogFacts, version: '', clockMs: () => 0 });
    const own = on.report.cost.usd_per_million_output_tokens!;
    const regret = report.cost.usd_per_million_output_tokens! - own;
    const slo = report.slo.met ? 'SLO met' : `SLO missed, ${formatPercent(report.slo.attained_ratio)} good`;
    cells.push(
      on.preset === preset
        ? `**$${own.toFixed(2)}**, ${slo}`
        : `${regret < 0 ? '-' : '+'}$${Math.abs(regret).toFixed(2)}, ${slo}`,
    );
  }
  rows.push(`| ${preset} | ${cells.join(' | ')} |`);
}
const table = [
  `| pick of | on ${PRESET_NAMES.join(' | on ')} |`,
  `|---|${PRESET_NAMES.map(() => '---|').join('')}`,
  ...rows,
  '',
  ...picks.map(
    ({ preset, config }) =>
      `- ${preset} at ${RATES[preset as keyof typeof RATES]} requests/s: ${configInWords(config)}.`,
  ),
].join('\n');
const page = readFileSync(FILE, 'utf8');
const [from, to] = MARKS.map((mark) => page.indexOf(mark));
writeFileSync(FILE, `${page.slice(0, from + MARKS[0].length)}\n${table}\n${page.slice(to)}`);
console.log(table);
