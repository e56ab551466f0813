/** Report leaves that get a column of their own in the view, by column: the path inside `report`. */
const COLUMNS: Readonly<Record<string, string>> = {
  usd_per_hour: 'cost.usd_per_hour',
  usd_per_million_output_tokens: 'cost.usd_per_million_output_tokens',
  gpus_peak: 'fleet.gpus_peak',
  gpu_hours: 'fleet.gpu_hours',
  requests_per_s: 'throughput.requests_per_s',
  output_tokens_per_s: 'throughput.output_tokens_per_s',
  output_tokens_per_s_per_gpu: 'throughput.output_tokens_per_s_per_gpu',
  output_tokens_per_s_per_user: 'throughput.output_tokens_per_s_per_user',
  goodput_requests_per_s: 'goodput.requests_per_s',
  mean_ttft_ms: 'latency.ttft_ms.mean',
  p95_ttft_ms: 'latency.ttft_ms.p95',
  mean_tpot_ms: 'latency.tpot_ms.mean',
  p95_tpot_ms: 'latency.tpot_ms.p95',
  p95_itl_ms: 'latency.itl_ms.p95',
  p95_e2e_ms: 'latency.e2e_ms.p95',
  attained_ratio: 'slo.attained_ratio',
  slo_met: 'slo.met',
  worst_slack: 'slo.worst_slack',
  reused_ratio: 'cache.reused_ratio',
  completed: 'requests.completed',
  rejected: 'requests.rejected',
};

/** One row per trial that ran to its end, its headline figures as columns, null where the report has none. */
export const METRICS_VIEW = `create view metrics as
  select trial, engine, content_hash, passes,
  ${Object.entries(COLUMNS)
    .map(([column, path]) => `json_extract(report, '$.${path}') as ${column}`)
    .join(',\n  ')}
  from trials where status = 'done' and report is not null;`;
