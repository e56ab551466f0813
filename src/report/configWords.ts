import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';
import { formatFixed } from './format.ts';

/** A deployment in one sentence without a full stop: pools, shapes, precision, scheduler budgets and routing. */
export function configInWords(config: PredictConfig): string {
  const { engine, router } = config;
  const { aggregated = [], prefill = [], decode = [] } = engine.workers;
  const pools = [
    ...aggregated.map((worker) => poolInWords(worker, '')),
    ...prefill.map((worker) => poolInWords(worker, 'prefill ')),
    ...decode.map((worker) => poolInWords(worker, 'decode ')),
  ];
  const precision = engine.quantization === 'checkpoint' ? '' : ` in ${engine.quantization}`;
  return `${engine.model}${precision} on ${pools.join(' and ')}; ${router.policy.replaceAll('_', '-')} routing`;
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
  const budget = `up to ${formatFixed(max_batched_tokens, 0)} tokens and ${formatFixed(max_sequences, 0)} sequences a pass`;
  return `${replicas} ${role}replica${replicas === 1 ? '' : 's'} of ${gpus}x ${worker.hardware} (${shape}, ${budget})`;
}
