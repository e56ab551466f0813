import { join } from 'node:path';
import { InputError } from '../base/inputError.ts';
import { loadWorkload } from '../config/buildWorkload.ts';
import type { Facts } from '../config/facts.ts';
import { parsePredict, parseRecommend } from '../config/loadPredict.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { readFacts } from '../config/readFacts.ts';
import type { RecommendConfig } from '../config/recommendConfig.ts';
import { longestRequestOf } from '../config/replicaSpec.ts';
import { mapPaths, writeYaml } from '../config/writeYaml.ts';
import { deployFiles } from '../deploy/deployFiles.ts';
import { type Explanation, explain } from '../insight/explanation.ts';
import { Laboratory } from '../insight/laboratory.ts';
import { isExact } from '../recommend/floors.ts';
import { goalHash, recommend } from '../recommend/recommend.ts';
import type { Evaluated, Recommendation } from '../recommend/recommendation.ts';
import { frontierCsv } from '../report/csv.ts';
import { recommendPage } from '../report/pageData.ts';
import { renderRecommend } from '../report/recommendText.ts';
import { assertOurs, writeFiles } from '../report/writeFiles.ts';
import type { Shard } from '../study/shardRunner.ts';
import { shardFile } from '../study/store/shardFiles.ts';
import type { StudyStore } from '../study/store/studyStore.ts';
import type { Workload } from '../workload/workload.ts';
import type { CommonOptions } from './commonOptions.ts';
import { EXIT } from './exitCodes.ts';
import { openStudy } from './openStudy.ts';
import { defaultDirectory, note, toJson, wantsColor, withPage } from './outputFiles.ts';
import { detailOf, simulateForReport, writePerRequest } from './predictCommand.ts';
import { createProgress } from './progress.ts';
import { queueRunner } from './queueRunner.ts';
import { type Input, overridesOf, readInput, relocate } from './readInput.ts';
import { assertDivisible, gatherShards, writeJobFile } from './shards.ts';
import { SweepWatch } from './sweepWatch.ts';
import { VERSION } from './version.ts';

interface RecommendFlags extends CommonOptions {
  readonly baseline?: string;
  readonly study?: string;
  readonly queue?: string;
  readonly shard?: Shard;
  readonly shards?: number;
  readonly jobFile?: string;
  readonly events?: string;
  /** false: leave out what is around the pick. */
  readonly explain?: boolean;
}

const CANDIDATES = 'candidates';
/** What is around the pick may take as many passes as the search took, and this many runs of the pick in any case. */
const LEAST_EXPLAINING_RUNS = 20;

export async function recommendCommand(options: RecommendFlags): Promise<number> {
  const input = await readInput(options.config);
  const facts = readFacts(input.baseDir);
  const config = parseRecommend(input.text, input.file, overridesOf(options, input), facts);
  const baseline = await readBaseline(options.baseline, input);
  const source = await loadSource(config, input.baseDir, facts);
  const hash = goalHash(config, source, facts);
  const directory = options.outputDir ?? defaultDirectory('recommend', hash);
  const ownership = { configHash: hash, overwrite: options.overwrite === true };
  await assertOurs(directory, ownership);

  if ((options.shard ?? options.jobFile) !== undefined) assertDivisible(config);
  if (options.jobFile !== undefined) {
    await writeJobFile(options.jobFile, options.shards, process.argv.slice(2));
    process.stdout.write(`written: ${options.jobFile}\n`);
    return EXIT.done;
  }
  const study = await openStudyOf(options);
  let recommendation: Recommendation;
  try {
    study?.begin({ goal: hash, config, objectives: config.goal.objectives });
    recommendation = await search(config, source, facts, baseline, study, options);
    study?.finish(recommendation.truncated ? 'truncated' : 'done', recommendation);
    if (options.shard !== undefined) return shardDone(options.shard, study!.committed, recommendation.truncated);
  } finally {
    study?.close();
  }
  const named = withFiles(recommendation);
  const files = candidateFiles(named, input.baseDir, join(directory, CANDIDATES));
  files.set('frontier.csv', frontierCsv(named));
  for (const [name, text] of named.pick === null ? [] : deployFiles(named.pick.config, facts))
    files.set(`deploy/${name}`, text);
  const explanation = options.explain === false || named.truncated ? null : explainPick(named, source, facts);
  const answer = toJson({ ...named, explanation });
  files.set('recommendation.json', answer);
  const notes: string[] = [];
  const detail = await pickDetail(named, input.baseDir, facts);
  const page = await withPage(files, recommendPage(named, detail === null ? null : detail.detail, explanation));
  notes.push(...page.notes);
  const written = await writeFiles(directory, page.files, ownership);
  if (options.perRequest !== undefined && detail !== null) {
    written.push(await writePerRequest(options.perRequest, detail.prediction, detail.workload));
  }
  for (const text of notes) note(options.quiet === true, text);
  process.stdout.write(
    options.format === 'json'
      ? answer
      : renderRecommend(named, { files: inBrief(written, directory), explanation, color: wantsColor() }),
  );
  if (named.truncated && process.exitCode === EXIT.interrupted) return EXIT.interrupted;
  return named.pick === null ? EXIT.failed : EXIT.done;
}

/** The study to keep trials in, or a shard's own part of it; null where none is asked for. */
async function openStudyOf({ study, shard, quiet }: RecommendFlags): Promise<StudyStore | null> {
  if (study === undefined) {
    if (shard !== undefined) throw new InputError({ path: '--shard', message: 'needs --study FILE' });
    return null;
  }
  if (shard !== undefined) return openStudy(shardFile(study, shard), quiet === true);
  await gatherShards(study, quiet === true);
  return openStudy(study, quiet === true);
}

function shardDone({ index, count }: Shard, trials: number, isPart: boolean): number {
  const rest = isPart ? 'when all are done, run the command without --shard' : 'nothing is left to the others';
  process.stdout.write(`shard ${index}/${count}: ${trials} trials run; ${rest}\n`);
  return EXIT.done;
}

/** Searches until it is done or the user interrupts; a second Ctrl-C ends the process at once. */
async function search(
  config: RecommendConfig,
  source: Workload,
  facts: Facts,
  baseline: PredictConfig | null,
  study: StudyStore | null,
  options: RecommendFlags,
): Promise<Recommendation> {
  const control = new AbortController();
  const onInterrupt = (): void => {
    if (control.signal.aborted) process.exit(EXIT.interrupted);
    process.exitCode = EXIT.interrupted;
    note(options.quiet === true, '\ninterrupted: keeping what finished');
    control.abort();
  };
  const watch = new SweepWatch(config.goal.objectives, options.events);
  const progress = createProgress(options.quiet === true, () => watch.inWords());
  process.on('SIGINT', onInterrupt);
  try {
    return await recommend(config, source, facts, {
      threads: options.threads,
      version: VERSION,
      ...(baseline === null ? {} : { baseline }),
      ...(study === null ? {} : { study }),
      ...(options.shard === undefined ? {} : { shard: options.shard }),
      onSettled: watch.onSettled,
      ...(options.queue === undefined ? {} : { runner: queueRunner(options.queue, options.quiet === true) }),
      onSpace: (legal, enumerated) =>
        note(
          options.quiet === true,
          `space: ${legal.toLocaleString('en-US')} legal candidates of ${enumerated.toLocaleString('en-US')}`,
        ),
      onProgress: progress.update,
      signal: control.signal,
    });
  } finally {
    process.off('SIGINT', onInterrupt);
    progress.stop();
    watch.close();
  }
}

/** The requests of the source as they are: loads are applied per candidate. */
function loadSource(config: RecommendConfig, baseDir: string, facts: Facts): Promise<Workload> {
  const asItIs: PredictConfig['traffic'] = {
    ...config.traffic,
    load: { type: 'trace_timestamps', speedup: 1, spread: 'none' },
    stop: { requests: null, max_virtual_time_seconds: null },
    max_output_tokens: 'exact',
  };
  return loadWorkload(asItIs, config.seed, baseDir, facts.model(config.model).contextLength);
}

async function readBaseline(file: string | undefined, goal: Input): Promise<PredictConfig | null> {
  if (file === undefined) return null;
  const input = await readInput(file);
  const config = parsePredict(input.text, input.file, [], readFacts(input.baseDir));
  return mapPaths(config, (path) => relocate(path, input.baseDir, goal.baseDir));
}

/** Names the file of every candidate that gets one: the pick first, then the runner-up, the frontier and the baseline. */
function withFiles(recommendation: Recommendation): Recommendation {
  const { pick, runner_up, frontier, baseline } = recommendation;
  const names = new Map<string, string>();
  const order = [pick, runner_up, ...frontier, baseline].filter((each): each is Evaluated => each !== null);
  for (const { summary } of order) {
    const number = String(names.size + 1).padStart(4, '0');
    if (!names.has(summary.config_hash)) names.set(summary.config_hash, `${CANDIDATES}/${number}.yaml`);
  }
  const name = <T extends Evaluated | null>(each: T): T =>
    each === null ? each : { ...each, files: { config: names.get(each.summary.config_hash)! } };
  return {
    ...recommendation,
    pick: name(pick),
    runner_up: name(runner_up),
    frontier: frontier.map(name),
    baseline: name(baseline),
  };
}

function candidateFiles(recommendation: Recommendation, baseDir: string, folder: string): Map<string, string> {
  const { pick, runner_up, frontier, baseline } = recommendation;
  const files = new Map<string, string>();
  for (const each of [pick, runner_up, ...frontier, baseline]) {
    if (each === null) continue;
    const moved = mapPaths(each.config, (path) => relocate(path, baseDir, folder));
    const header = [each.shape, `dynosim predict -c ${join(folder, each.files.config!.split('/')[1])}`];
    files.set(each.files.config!, writeYaml(moved, header));
  }
  return files;
}

/** The pick once more, with the timelines its page shows. */
async function pickDetail({ pick }: Recommendation, baseDir: string, facts: Facts) {
  if (pick === null) return null;
  const { config } = pick;
  const workload = await loadWorkload(config.traffic, config.seed, baseDir, longestRequestOf(config, facts));
  const prediction = simulateForReport(config, workload, facts);
  return { prediction, workload, detail: detailOf(prediction, workload, config) };
}

/** What holds the pick where it is, in the goal's metrics as far as the deployment alone does not decide them. */
function explainPick({ pick, goal, tried }: Recommendation, source: Workload, facts: Facts): Explanation | null {
  if (pick === null) return null;
  const budget = Math.max(tried.passes, LEAST_EXPLAINING_RUNS * pick.summary.passes);
  const metrics = goal.objectives.map(({ metric }) => metric).filter((metric) => !isExact(metric));
  return explain(new Laboratory(source, facts, VERSION, budget), pick.config, null, [], metrics);
}

/** Files of a folder as one. */
function inBrief(written: readonly string[], directory: string): string[] {
  const folders = [CANDIDATES, 'deploy'].map((name) => join(directory, name));
  const within = (folder: string): number => written.filter((path) => path.startsWith(folder)).length;
  const others = written.filter((path) => !folders.some((folder) => path.startsWith(folder)));
  return [
    ...others,
    ...folders.filter((folder) => within(folder) > 0).map((folder) => `${folder} (${within(folder)})`),
  ];
}
