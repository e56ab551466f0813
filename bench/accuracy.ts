/**
 * How accurate is the timing, on what data, and where is it wrong? Refits from the committed recipe, judges every point by a
 * fit that never saw its fold, and writes docs/accuracy.md. `DYNOSIM_DATA=... npm run evidence:accuracy`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { calibrate } from '../src/calibrate/calibrate.ts';
import { summarizeErrors } from '../src/calibrate/errors.ts';
import { HAND_ORIGIN } from '../src/calibrate/origins.ts';
import { groupsBy, type Predicted } from '../src/calibrate/predicted.ts';
import { readPoints } from '../src/calibrate/readPoints.ts';
import { Replayer } from '../src/calibrate/replayer.ts';
import { errorsOf, type MetricErrors, validationOf } from '../src/calibrate/validation.ts';
import { findHardware } from '../src/catalog/hardwareList.ts';
import { findModel } from '../src/catalog/models.ts';
import { SHIPPED_CALIBRATION } from '../src/timing/calibration.ts';
import { planMemory } from '../src/timing/memory.ts';
import type { ReplicaSpec } from '../src/timing/replica.ts';

const folder = process.env.DYNOSIM_DATA;
if (folder === undefined) throw new Error('DYNOSIM_DATA must name the folder that holds silicon/calibration.csv');
const file = `${folder}/silicon/calibration.csv`;
const points = readPoints(readFileSync(file, 'utf8'), file);
const replayer = new Replayer(2);

async function main(): Promise<void> {
  const outcome = await calibrate(points, HAND_ORIGIN, replayer, (text) => console.error(text));
  const { coefficients } = outcome.calibration;
  const startedMs = performance.now();
  const everything = await replayer.replay(points, () => ({ coefficients, group: null }));
  const replayS = (performance.now() - startedMs) / 1000;
  await replayer.close();
  const isShipped = JSON.stringify(coefficients) === JSON.stringify(SHIPPED_CALIBRATION.coefficients);
  if (!isShipped) console.error('the shipped coefficients are not those of this fit: npm run make:coefficients');

  const general = everything.map(
    (one, index): Predicted => ({
      point: points[index],
      means: one.means,
      message: one.means === null ? one.message : '',
      bands: null,
    }),
  );
  const speculative = general.filter(({ point, means }) => point.draftTokens > 0 && means !== null);
  const validation = validationOf(outcome.heldOut);
  const worst = validation.groups
    .filter(({ by, tpot }) => by === 'group' && tpot !== null && tpot.rows >= 3)
    .sort((a, b) => b.tpot!.mape - a.tpot!.mape);
  const { regret, rank_correlation } = validation;
  const lines = [
    '# Accuracy',
    '',
    "Written by `npm run evidence:accuracy` (2026-11-25). Errors are |predicted / measured - 1| of a run's mean TTFT and mean TPOT, in %;",
    'bias is the median of predicted / measured - 1. "In band": share of measurements inside the nominal 80 % band.',
    '',
    '## Data and split',
    `${points.length} measured benchmark runs of real servers (vLLM, SGLang, TensorRT-LLM; H100, H200, B200, B300): the silicon sample of`,
    'NVIDIA AIConfigurator (Apache-2.0), most of it from public InferenceX runs, topologies and launch recipes corrected from the public launch',
    `scripts. ${points.filter(({ trusted }) => trusted.tpot).length} are trusted for TPOT and ${points.filter(({ trusted }) => trusted.ttft).length} for TTFT. Each is replayed through the whole simulator as it was measured: a closed loop whose`,
    'slots all fill at once, ten requests a slot, lengths uniform in their range, the engine started by its own recipe.',
    `All ${points.length} replays took ${replayS.toFixed(0)} s on 2 threads of a shared machine; ${general.filter(({ means }) => means !== null).length} were predicted.`,
    '',
    'Held out: five folds by (model family, GPU); each point is predicted by coefficients fitted to the other folds, without any vector of its',
    "own. Nothing is tuned on the held-out fold. The formulas' constants were set by hand from kernel measurements; the structure of the model",
    'and the hand-set values were chosen with all of the data in view, so a server of a new kind may do worse.',
    '',
    table('', [
      ['held-out folds', errorsOf(outcome.heldOut, true)],
      ['in sample, with vectors of each kind of server', outcome.errors.in_sample],
      ["vectors from a quarter of each kind's curves, on the rest", outcome.errors.group_quarter!],
    ]),
    '',
    'On the same file NVIDIA AIConfigurator 0.11 with its kernel tables gets TPOT 29.6 / 13.6 and TTFT 47.9 / 44.2 (MAPE / median) on the 985 rows',
    'it can predict.',
    '',
    ...(['backend', 'gpu', 'model', 'precision', 'concurrency'] as const).flatMap((by) => [
      `### Held out, by ${by}`,
      table(
        by,
        validation.groups.filter((group) => group.by === by).map((group) => [group.value, group]),
      ),
      '',
    ]),
    '### Worst servers by TPOT, held out',
    table(
      'server',
      worst.slice(0, 10).map((group) => [group.value, group]),
    ),
    '',
    '## Decisions',
    `Inside a curve (points that differ in concurrency only) predictions order TPOT with a rank correlation of ${rank_correlation.tpot?.toFixed(3)}, TTFT with ${rank_correlation.ttft?.toFixed(3)}.`,
    `Choosing by held-out prediction among servers measured for the same model, GPU, workload and concurrency (${regret.choices} choices) loses`,
    `${percent(regret.median ?? 0)} % of output tokens/s per GPU at the median over model x GPU, ${percent(regret.worst?.regret ?? 0)} % at worst (${regret.worst?.value}).`,
    '',
    '## Bands',
    'How far four of five errors reach (logarithms): what kinds of server (model shape, GPU, engine) share, what each run adds, and how TTFT and TPOT go',
    'together ([how they are used](calibration.md#bands-in-dynosim-predict)). The coverage above is that of bands from the other folds.',
    '| backend | TTFT between kinds | TTFT within | TPOT between kinds | TPOT within | correlation |',
    '|---|---|---|---|---|---|',
    ...Object.entries(outcome.calibration.spreads).map(
      ([backend, { ttft, tpot, correlation }]) =>
        `| ${backend} | ${ttft.between} | ${ttft.within} | ${tpot.between} | ${tpot.within} | ${correlation} |`,
    ),
    '',
    '## Speculative decoding',
    "Never fitted. No run tells how many drafts it accepted: AIConfigurator's default is assumed (the first of a pass with 85 %, the second",
    'with 30 % after it, none beyond), 1.85 or 2.1 tokens a pass. It was chosen over rates of 85, 70, 60 and 50 % (the published 2.44 tokens a pass',
    "of [SGLang's MTP](https://lmsys.org/blog/2025-07-17-mtp) with a window of three fit them) knowing both: those predicted SGLang's rows 21 % too fast.",
    table('rows', [
      ['all (MTP)', speculativeErrors(speculative)],
      ...groupsBy(speculative, ({ point }) => `${point.backend}, ${point.model}, ${point.draftTokens} drafts`).map(
        ([name, rows]) => [name, speculativeErrors(rows)] as const,
      ),
    ]),
    '',
    '## Rows that are not trusted',
    table(
      'why',
      groupsBy(
        general.filter(({ point, means }) => means !== null && point.note !== ''),
        ({ point }) => point.note,
      ).map(([note, rows]) => [note, errorsOf(rows, false)]),
    ),
    '',
    '## KV capacity against printed block counts',
    '| Server | printed tokens | planned | |',
    '|---|---|---|---|',
    ...PRINTED.map(({ server, source, tokens, spec, request }) => {
      const planned = planMemory(spec, request).blocks * request.blockTokens;
      return `| ${server} | [${tokens.toLocaleString('en-US')}](${source}) | ${planned.toLocaleString('en-US')} | ${percent(planned / tokens - 1)} % |`;
    }),
    '',
    'Both were 72 and 9 % too high before two reasons were found. vLLM until February 2026 profiles sampling for `max_num_seqs`, by default 1,024,',
    'sequences with top-k and top-p at once: 44 bytes for each entry of the vocabulary (from the KV tokens that',
    '[the change which began it](https://github.com/vllm-project/vllm/pull/13594) cost another model), 6.4 GiB here. And communicators take some 1.6 GiB on',
    'several GPUs by the free memory that SGLang prints before it loads weights, where 0.6 had been assumed. That is taken for SGLang only; with it the vLLM server,',
    'too, comes within 1 %. Its KV connector (LMCache) keeps its copies in host memory and is not the reason. Where your server prints a count,',
    'state it as `kv_cache.capacity.tokens`.',
    '',
    ...TRIED,
    '## What no measurement here says',
    'Prefill/decode split, KV transfer and tiers; prefix caching against silicon; expert imbalance and experts over more than eight GPUs, which are timed by',
    "published link figures ([wide-ep.md](wide-ep.md)), not by any server's;",
    'pipeline parallelism; GPUs other than the four; open-loop arrivals. Where launch recipes are unknown (TensorRT-LLM lab rows) the token budget',
    "is assumed to be the engine's default, and requests of one length to drift apart by 4 %.",
    '',
  ];
  writeFileSync(new URL('../docs/accuracy.md', import.meta.url), lines.join('\n'));
  console.log(lines.slice(16, 40).join('\n'));
}

const QWEN: ReplicaSpec = {
  model: findModel('Qwen/Qwen3-235B-A22B'),
  hardware: findHardware('h100_sxm'),
  parallelism: { tensor: 4, pipeline: 1, attentionData: 1, moeTensor: 4, moeExpert: 1 },
  weightDtype: 'fp8_block',
  expertDtype: 'fp8_block',
  kvDtype: 'bf16',
};
const COMPARED = 'https://github.com/vllm-project/vllm/issues/21348';
const LIMITS = { maxBatchedTokens: 8192, maxSequences: 256, contextLength: 40_960 };

/** Start-up lines of real servers. */
const PRINTED = [
  {
    server: 'Qwen3-235B-A22B-FP8, 4 x H100, vLLM (July 2025), memory 0.9',
    source: COMPARED,
    tokens: 178_880,
    spec: QWEN,
    request: {
      ...LIMITS,
      accounting: 'vllm_without_graphs',
      capacity: { memoryFraction: 0.9 },
      blockTokens: 16,
      maxSequences: 1024,
      samplerBytes: 44,
    },
  },
  {
    server: 'the same, SGLang, memory 0.93',
    source: COMPARED,
    tokens: 367_404,
    spec: QWEN,
    request: { ...LIMITS, accounting: 'sglang', capacity: { memoryFraction: 0.93 }, blockTokens: 1 },
  },
] as const;

/** What was tried on these folds. */
const TRIED = [
  '## What was tried',
  'On the held-out folds, TPOT then TTFT (MAPE / median, %), by slopes at the fit before, which gives 12.7 / 9.9 and 25.1 / 19.3. Choosing among',
  'so many trials by the folds they are judged on flatters the winners a little.',
  '',
  '| tried | TPOT | TTFT | kept |',
  '|---|---|---|---|',
  '| priors of the coefficients half as wide again | 12.5 / 9.5 | 25.0 / 18.7 | yes |',
  '| twice; three times as wide | 12.6 / 9.9; 12.7 / 9.9 | 25.2 / 19.0; 25.6 / 20.8 | no |',
  '| 0.6 times as wide | 13.3 / 10.2 | 25.8 / 21.2 | no |',
  '| block-scaled fp8 of its own in vLLM and on Blackwell, with the wider priors | 11.8 / 9.0 | 24.5 / 18.1 | yes |',
  '| the same for TensorRT-LLM instead of vLLM | worse than none |  | no |',
  '| elementwise bytes of their own on Blackwell | 12.1 / 9.7 | 26.9 / 19.8 (from 27.6 / 20.0) | no: little for one more number |',
  '| host time of launches and front ends left free | 12.6 / 9.8 | 25.0 / 19.0 | no |',
  '| no kernel factors for routed experts and latent attention in TensorRT-LLM | 13.9 / 11.0 | 25.4 / 19.8 | no |',
  '| requests of one length drift apart by 8, 2, 1, 0.3, 0 % instead of 4 | 13.4, 12.3, 12.2, 12.3, 12.4 | 25.1, 27.6, 31.5, 36.6, 39.3 | no |',
  "| each part of the vectors' priors chosen by the other folds (from 9.3 / 6.6 and 20.0 / 14.1 by slopes), then for each backend as well | 9.0 / 6.8; 9.3 / 6.8 | 20.2 / 13.5; 20.5 / 14.1 | no: gains one figure, loses another |",
  "| vectors' priors 0.7, 1.5, 2 times as wide (vectors from a quarter) | 8.9 / 6.6, 9.3 / 6.3, 9.6 / 6.6 | 21.5 / 14.9, 21.1 / 14.0, 21.2 / 14.9 | no |",
  '',
  'What is left, by size: Qwen3-32B on TensorRT-LLM decodes 12 % and prefills a third slower than predicted, as if its fp8 were block-scaled, which the',
  'file does not say; Qwen3-235B with outputs of 128 tokens behaves as if its requests stayed in step in decoding but not in their prompts; Llama-8B on',
  'TensorRT-LLM has a TTFT that grows with the output length, as if one slot of the benchmark always waited for another request; DeepSeek fp8 on',
  "TensorRT-LLM before 1.2 is a third slower than later versions. SGLang's TTFT is too low by kind of server, not by schedule: measured over predicted is 3.6",
  'and 2.2 for DeepSeek-V3 on B300 (4-bit experts, block fp8), 1.3 to 1.5 for Qwen3.5 in block fp8, 0.7 to 1.9 for GLM-5, 0.9 to 1 for DeepSeek-R1, and the same to a tenth',
  'over polling intervals (10 and 30), output lengths and concurrencies up to 64.',
  '',
];

function speculativeErrors(rows: readonly Predicted[]): MetricErrors {
  const of = (metric: 'ttft' | 'tpot') =>
    summarizeErrors(
      rows.map(({ point, means }) => ({
        predicted: means![`${metric}Ms`],
        measured: point[`${metric}Ms`],
        band: null,
      })),
    );
  return { tpot: of('tpot'), ttft: of('ttft') };
}

function table(title: string, rows: readonly (readonly [name: string, errors: MetricErrors])[]): string {
  const cells = ({ tpot, ttft }: MetricErrors) =>
    [tpot, ttft].flatMap((errors) =>
      errors === null
        ? ['', '', '', '', '']
        : [
            String(errors.rows),
            `${percent(errors.mape)} / ${percent(errors.median_ape)}`,
            percent(errors.p90_ape),
            percent(errors.bias),
            errors.band_coverage === null ? '' : percent(errors.band_coverage),
          ],
    );
  const head = ['n', 'MAPE / median', 'P90', 'bias', 'in band'];
  return [
    `| ${title} | ${head.map((name) => `TPOT ${name}`).join(' | ')} | ${head.map((name) => `TTFT ${name}`).join(' | ')} |`,
    `|---|${'---|'.repeat(10)}`,
    ...rows.map(([name, errors]) => `| ${name} | ${cells(errors).join(' | ')} |`),
  ].join('\n');
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

await main();
