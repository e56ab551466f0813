import { matchProfile } from '../catalog/engineProfiles.ts';
import type { PlannerConfig } from '../config/plannerConfig.ts';
import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';
import type { WindowEdge } from '../metrics/window.ts';
import { formatCount, formatFixed, formatNumber } from './format.ts';

/** A deployment in one sentence without a full stop: pools, shapes, precision, scheduler budgets, routing and who scales it. */
export function configInWords(config: PredictConfig): string {
  const { engine, router, planner } = config;
  const { aggregated = [], prefill = [], decode = [] } = engine.workers;
  const pools = [
    ...aggregated.map((worker) => poolInWords(worker, '')),
    ...prefill.map((worker) => poolInWords(worker, 'prefill ')),
    ...decode.map((worker) => poolInWords(worker, 'decode ')),
  ];
  const precision = engine.quantization === 'checkpoint' ? '' : ` in ${engine.quantization}`;
  const { profile } = matchProfile(engine.backend, engine.backend_version);
  const served = ` with ${profile.name} ${engine.backend_version}`;
  return `${engine.model}${precision}${served} on ${pools.join(' and ')}; ${router.policy.replaceAll('_', '-')} routing${planner === undefined ? '' : plannerInWords(planner)}`;
}

/** A workload by its name, and what of it the statistics leave out. */
export function workloadInWords(name: string, { warmup, cooldown }: PredictConfig['evaluation']['window']): string {
  const apart = [...edgeInWords('first', warmup, 'warm-up'), ...edgeInWords('last', cooldown, 'cool-down')];
  return apart.length === 0 ? name : `${name} (${apart.join(', ')})`;
}

function edgeInWords(which: string, edge: WindowEdge, what: string): string[] {
  const size = 'requests' in edge ? edge.requests : edge.seconds;
  if (size === 0) return [];
  const unit = 'requests' in edge ? formatCount(size, 'request') : `${formatNumber(size)} s`;
  return [`the ${which} ${unit} ${size === 1 && 'requests' in edge ? 'is' : 'are'} ${what}`];
}

function plannerInWords({ policy, interval_seconds, max_gpus }: PlannerConfig): string {
  const looks = policy === 'static' || policy === 'schedule' ? '' : ` every ${formatNumber(interval_seconds)} s`;
  return `, ${policy} planner${looks}, up to ${formatCount(max_gpus, 'GPU')}`;
}

function poolInWords(worker: WorkerConfig, role: string): string {
  const { replicas, tensor, pipeline, attention_data, moe_expert } = worker.parallelism;
  const gpus = tensor * pipeline * attention_data;
  const shape = [
    `TP${tensor}`,
    ...(pipeline > 1 ? [`PP${pipeline}`] : []),
    ...(attention_data > 1 ? [`DP${attention_data}`] : []),
    ...(moe_expert > 1 ? [`EP${moe_expert}`] : []),
  ].join(' ');
  const { max_batched_tokens, max_sequences } = worker.scheduler;
  const sequences = max_sequences === null ? 'as many' : formatFixed(max_sequences, 0);
  const held = max_sequences === null ? ' as its cache holds' : '';
  const budget = `up to ${formatFixed(max_batched_tokens, 0)} tokens and ${sequences} sequences a pass${held}`;
  return `${replicas} ${role}replica${replicas === 1 ? '' : 's'} of ${gpus}x ${worker.hardware} (${shape}, ${budget})`;
}
