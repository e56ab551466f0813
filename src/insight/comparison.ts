import { canonicalJson } from '../base/canonicalJson.ts';
import type { Role } from '../cluster/scenario.ts';
import type { PredictConfig, WorkerConfig } from '../config/predictConfig.ts';
import { metricValue, metricWords } from '../metrics/metricNames.ts';
import type { Report } from '../metrics/report.ts';
import type { Laboratory } from './laboratory.ts';
import { withPool } from './moves.ts';

/** One term of the difference: what changed, and by how much each metric moved when it did. */
export interface Link {
  readonly change: string;
  readonly by: Readonly<Record<string, number>>;
}

/** `comparison.json`: the way from A to B, one cause at a time. Snake case, plain data. */
export interface Comparison {
  readonly schema_version: 1;
  readonly metrics: readonly string[];
  readonly a: Report;
  readonly b: Report;
  /** In the order they were made; for each metric their parts sum to its difference, B - A. */
  readonly links: readonly Link[];
  readonly sentence: string;
}

const METRICS = [
  'p99_ttft_ms',
  'p95_ttft_ms',
  'p95_tpot_ms',
  'p95_e2e_ms',
  'output_tokens_per_s_per_gpu',
  'usd_per_hour',
];

const LEFT = 'the rest';

interface Step {
  readonly change: string;
  apply(state: PredictConfig): PredictConfig;
}

/**
 * Turns A into B one term at a time and simulates each state on the way. Where shapes differ, the KV cache's size is a
 * term of its own: the old shape is first given the KV pages of the new one, so that what is left of the difference is
 * the time of its passes. A state that cannot exist is passed through with the next. The order is fixed (routing, what
 * all workers share, then per pool cache, scheduler, KV pages, shape, replicas); in another order parts may differ where
 * causes interact.
 * @returns null when A or B cannot exist.
 */
export function compare(laboratory: Laboratory, a: PredictConfig, b: PredictConfig): Comparison | null {
  const [first, last] = [laboratory.report(a), laboratory.report(b)];
  if (first === null || last === null) return null;
  const links: Link[] = [];
  let state = a;
  let before = first;
  let pending: string[] = [];
  for (const { change, apply } of stepsBetween(laboratory, a, b)) {
    const next = apply(state);
    if (canonicalJson(next) === canonicalJson(state)) continue;
    state = next;
    pending.push(change);
    const report = laboratory.report(state);
    if (report === null) continue;
    const link = linkOf(pending, before, report);
    // What is left may only be how the same thing is written: as pages, or as a share of memory.
    if (change !== LEFT || METRICS.some((metric) => link.by[metric] !== 0)) links.push(link);
    before = report;
    pending = [];
  }
  return { schema_version: 1, metrics: METRICS, a: first, b: last, links, sentence: sentenceOf(links, first, last) };
}

function linkOf(changes: readonly string[], before: Report, after: Report): Link {
  const by = METRICS.map((metric) => [metric, metricValue(after, metric) - metricValue(before, metric)]);
  return { change: changes.join(', '), by: Object.fromEntries(by) };
}

function stepsBetween(laboratory: Laboratory, a: PredictConfig, b: PredictConfig): Step[] {
  const { workers: _, ...sharedEngine } = b.engine;
  return [
    { change: 'traffic', apply: (state) => ({ ...state, seed: b.seed, traffic: b.traffic, evaluation: b.evaluation }) },
    { change: `router ${a.router.policy} -> ${b.router.policy}`, apply: (state) => ({ ...state, router: b.router }) },
    { change: 'prices', apply: (state) => ({ ...state, cost: b.cost }) },
    ...(sameRoles(a, b) ? poolSteps(laboratory, a, b) : []),
    {
      change: sameRoles(a, b) ? 'model, format, engine or transfer' : `${a.engine.mode} -> ${b.engine.mode}`,
      apply: (state) => ({
        ...state,
        engine: { ...sharedEngine, workers: sameRoles(a, b) ? state.engine.workers : b.engine.workers },
      }),
    },
    { change: LEFT, apply: () => b },
  ];
}

function sameRoles(a: PredictConfig, b: PredictConfig): boolean {
  const sizes = ({ engine }: PredictConfig): string =>
    Object.entries(engine.workers)
      .map(([role, pools]) => `${role} ${pools.length}`)
      .join();
  return sizes(a) === sizes(b);
}

function poolSteps(laboratory: Laboratory, a: PredictConfig, b: PredictConfig): Step[] {
  const [blocksA, blocksB] = [laboratory.blocksOf(a), laboratory.blocksOf(b)];
  let place = 0;
  return (Object.keys(b.engine.workers) as Role[]).flatMap((role) =>
    b.engine.workers[role]!.flatMap((to, index) => {
      const from = a.engine.workers[role]![index];
      const at = place++;
      const edit = (change: string, turn: (pool: WorkerConfig) => WorkerConfig): Step => ({
        change: `${to.name}: ${change}`,
        apply: (state) => withPool(state, role, index, turn),
      });
      const { capacity: _, ...cache } = to.kv_cache;
      const shape = (pool: WorkerConfig): string =>
        canonicalJson([pool.hardware, { ...pool.parallelism, replicas: 1 }]);
      const ownBlocks = shape(from) !== shape(to) && blocksA?.[at] !== blocksB?.[at] && blocksB != null;
      return [
        edit('cache settings', (pool) => ({ ...pool, kv_cache: { ...pool.kv_cache, ...cache } })),
        edit('scheduler', (pool) => ({ ...pool, scheduler: to.scheduler })),
        ...(ownBlocks
          ? [
              edit(`KV pages of a rank ${blocksA?.[at]} -> ${blocksB[at]}`, (pool) => ({
                ...pool,
                kv_cache: { ...pool.kv_cache, capacity: { blocks: blocksB[at] } },
              })),
            ]
          : []),
        edit(`${shapeWords(from)} -> ${shapeWords(to)}, time of a pass`, (pool) => ({
          ...pool,
          hardware: to.hardware,
          cuda_graphs: to.cuda_graphs,
          parallelism: { ...to.parallelism, replicas: pool.parallelism.replicas },
        })),
        edit(`replicas ${from.parallelism.replicas} -> ${to.parallelism.replicas}`, (pool) => ({
          ...pool,
          parallelism: { ...pool.parallelism, replicas: to.parallelism.replicas },
        })),
      ];
    }),
  );
}

function shapeWords({ hardware, parallelism }: WorkerConfig): string {
  const { tensor, pipeline, attention_data } = parallelism;
  return `TP${tensor}${pipeline > 1 ? ` PP${pipeline}` : ''}${attention_data > 1 ? ` DP${attention_data}` : ''} ${hardware}`;
}

function sentenceOf(links: readonly Link[], a: Report, b: Report): string {
  const [metric] = METRICS;
  const total = metricValue(b, metric) - metricValue(a, metric);
  if (!Number.isFinite(total)) return `${metricWords(metric)} is infinite on one side.`;
  const ms = (value: number): string => `${Math.abs(value).toFixed(1)} ms ${value < 0 ? 'less' : 'more'}`;
  const ordered = [...links].sort((x, y) => Math.abs(y.by[metric]) - Math.abs(x.by[metric]));
  const [main] = ordered;
  if (main === undefined || total === 0) return `${metricWords(metric)} is the same.`;
  return `B has ${ms(total)} ${metricWords(metric)} than A; the largest part is ${main.change}: ${ms(main.by[metric])}.`;
}
