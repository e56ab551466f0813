import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { GoalFlags } from '../config/goalFlags.ts';

import { shardOf } from './shardOption.ts';

/** Options of every command that simulates, as commander hands them over. */
export interface CommonOptions extends GoalFlags {
  readonly config?: string;
  readonly set: readonly string[];
  readonly outputDir?: string;
  readonly overwrite?: true;
  readonly format: 'table' | 'json';
  readonly perRequest?: string;
  readonly threads: number;
  readonly quiet?: true;
}

export const collect = (value: string, all: readonly string[] = []): string[] => [...all, value];

export function addCommonOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', 'YAML configuration; - reads standard input')
    .option('--set <path=value>', 'set a field of the configuration, repeatable', collect, [])
    .option('-o, --output-dir <dir>', 'where files go (default: dynosim-output/<command>-<hash of the configuration>)')
    .option('--overwrite', 'write into a directory that holds something else')
    .addOption(new Option('--format <format>', 'of standard output').choices(['table', 'json']).default('table'))
    .option('--per-request <file>', 'write every request to a .csv or .jsonl file', perRequestFile)
    .option('--seed <n>', 'seed of every random stream')
    .option('--threads <n>', 'simulations at a time; predict has only one', threadCount, availableParallelism())
    .option('--quiet', 'no progress and no notes on standard error');
}

/** Options of commands that replay measured servers. */
export function addReplayOptions(command: Command): Command {
  return command
    .addOption(new Option('--format <format>', 'of standard output').choices(['table', 'json']).default('table'))
    .option('--threads <n>', 'replays at a time', threadCount, availableParallelism())
    .option('--column <ours=theirs>', 'what the CSV calls a column of ours, repeatable', collect, [])
    .option('--fill <ours=value>', 'value of a column that the CSV leaves out, repeatable', collect, []);
}

/** Goals as flags: model, hardware, workload and SLO. */
export function addWorkloadFlags(command: Command, ladders: boolean): Command {
  const several = ladders ? ', several with commas' : '';
  return command
    .option('--model <id>', 'Hugging Face id, or path of a config.json')
    .option('--gpu <id>', `catalog id${several}, or path of a hardware file`)
    .option('--trace <file>', 'workload from a trace file')
    .option('--skip-bad-lines', 'count malformed lines of the trace instead of refusing it')
    .option('--preset <name>', 'workload by name: chat, code, rag, agent')
    .option('--isl <tokens>', 'synthetic workload: prompt tokens')
    .option('--osl <tokens>', 'synthetic workload: output tokens')
    .option('--rps <rate>', `requests per second, Poisson arrivals${several}`)
    .option('--concurrency <n>', `closed loop of so many users${several}`)
    .option('--ttft-p95 <ms>', 'SLO on time to first token')
    .option('--tpot-p95 <ms>', 'SLO on time per output token')
    .option('--itl-p95 <ms>', 'SLO on inter-token latency, all gaps pooled')
    .option('--e2e-p95 <ms>', 'SLO on end-to-end latency');
}

export function addGoalFlags(command: Command): Command {
  return command
    .option('--max-gpus <n>', 'most GPUs of a deployment')
    .option('--max-usd-per-hour <usd>', 'highest price of a deployment')
    .option('--minimize <metric>', 'objective, repeatable', collect)
    .option('--maximize <metric>', 'objective, repeatable', collect)
    .option('--baseline <file>', 'configuration of your own deployment, to compare with')
    .option('--study <file>', 'keep every trial in this SQLite file, and do not repeat those it has')
    .option('--queue <url>', 'run the trials on the workers of this Redis (redis://host:6379)')
    .option('--shard <index/count>', 'run only this share of the trials the study lacks (0/8 to 7/8)', shardOf)
    .option('--job-file <file>', 'write a Slurm array (.sbatch) or a Kubernetes job (.yaml) of all shards, and stop')
    .option('--shards <n>', 'shards of the job file', shardCount)
    .option('--events <file>', 'write a line of JSON for every trial as it ends')
    .option('--no-explain', 'answer without looking around the pick: what binds it, its knobs, other conditions');
}

function perRequestFile(text: string): string {
  if (!/\.(csv|jsonl)$/.test(text)) throw new InvalidArgumentError('must end in .csv or .jsonl');
  return text;
}

function shardCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('must be a whole number, 1 or more');
  return count;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be greater than 0');
  return value;
}

export function openShare(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share < 1)) throw new InvalidArgumentError('must be between 0 and 1');
  return share;
}

export function threadCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 0) throw new InvalidArgumentError('must be a whole number, 0 or more');
  return count;
}
