import { NS_PER_MS, NS_PER_S } from '../base/units.ts';
import type { RouterPolicy, RouterSpec, ScorerSpec } from '../cluster/router/routerSpec.ts';
import { findKnob } from './knobs.ts';
import type { Problems } from './problems.ts';

/** The `router` section; what is left out takes the policy's own value. */
export interface RouterConfig {
  readonly policy: RouterPolicy;
  readonly overlap_score_credit?: number;
  readonly host_credit?: number;
  readonly disk_credit?: number;
  readonly shared_credit?: number;
  readonly overlap_credit_decay?: number;
  readonly prefill_load_scale?: number;
  readonly active_request_weight?: number;
  readonly temperature?: number;
  readonly use_kv_events?: boolean;
  readonly ttl_seconds?: number;
  readonly prefill_load_model?: 'none' | 'timing';
  readonly session_affinity_seconds?: number;
  readonly report_interval_ms?: number;
  readonly queue_threshold?: number;
  readonly queue_policy?: 'fcfs' | 'lcfs' | 'wspt';
  readonly max_in_flight?: number;
  readonly max_kv_usage?: number;
}

function isReadBy(policy: RouterPolicy, field: string): boolean {
  return findKnob(`router.${field}`)?.when?.['router.policy']?.includes(policy) ?? true;
}

/** Notes settings that the policy would not read. */
export function checkRouter(router: RouterConfig, problems: Problems): void {
  const { policy } = router;
  for (const field of Object.keys(router)) {
    if (isReadBy(policy, field)) continue;
    problems.add(['router', field], `${policy} has no such setting`, 'policy kv_router has');
  }
  if (router.queue_policy !== undefined && router.queue_threshold === undefined) {
    problems.add(['router', 'queue_policy'], 'there is no queue', 'set router.queue_threshold');
  }
}

/** Another policy, with those settings that it has. */
export function withPolicy(router: RouterConfig, policy: RouterPolicy): RouterConfig {
  const kept = Object.entries(router).filter(([field]) => isReadBy(policy, field));
  return { ...Object.fromEntries(kept), policy };
}

/** @param batchTokens tokens of a full batch of the workers that requests come to first. */
export function routerSpecOf(router: RouterConfig, batchTokens: number): RouterSpec {
  const {
    policy,
    session_affinity_seconds: affinity,
    report_interval_ms: interval,
    queue_threshold: threshold,
  } = router;
  const scorer = scorerOf(router);
  return {
    policy,
    ...(Object.keys(scorer).length === 0 ? {} : { scorer }),
    ...(affinity === undefined ? {} : { affinity: { ttlNs: Math.round(affinity * NS_PER_S) } }),
    ...(interval === undefined ? {} : { reportIntervalNs: Math.max(1, Math.round(interval * NS_PER_MS)) }),
    ...(threshold === undefined
      ? {}
      : { queue: { thresholdTokens: threshold * batchTokens, order: router.queue_policy ?? 'fcfs' } }),
  };
}

function scorerOf(router: RouterConfig): Partial<ScorerSpec> {
  const given = {
    overlapCredit: router.overlap_score_credit,
    hostCredit: router.host_credit,
    diskCredit: router.disk_credit,
    sharedCredit: router.shared_credit,
    overlapCreditDecay: router.overlap_credit_decay,
    prefillLoadScale: router.prefill_load_scale,
    activeRequestWeight: router.active_request_weight,
    temperature: router.temperature,
    index: router.use_kv_events === undefined ? undefined : router.use_kv_events ? 'reported' : 'remembered',
    indexTtlNs: router.ttl_seconds === undefined ? undefined : Math.round(router.ttl_seconds * NS_PER_S),
    prefillFades: router.prefill_load_model === undefined ? undefined : router.prefill_load_model === 'timing',
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
