import type { EngineRole } from '../engineCore.ts';
import type { SglangConfig } from './sglangConfig.ts';

/** Tokens of KV one rank holds. */
export function poolTokens(config: SglangConfig): number {
  return config.blocks * config.blockTokens;
}

/** `max_req_len` (tp_worker.py): the context and the pool, whichever is smaller, less one. */
function maxRequestTokens(config: SglangConfig): number {
  return Math.min(config.contextLength, poolTokens(config)) - 1;
}

/**
 * Tokens a prompt of `inputTokens` may generate: the server cuts what the client asked for to this. Two pages of the pool are
 * left out where the adder wants them free on top (its paged form, and its exact form for ignore_eos): the real server takes
 * such a request and never gets to run it. A decode worker does not take back a retracted request without its reserve. So is
 * room for drafts, without which the real server gives a request up that is alone.
 */
export function mostNewTokens(config: SglangConfig, role: EngineRole, inputTokens: number): number {
  const admission = config.adder === 'paged' || reservesExactly(config) ? 2 * config.blockTokens : 0;
  const spare = role === 'decode' ? config.reservedDecodeTokens : admission;
  const byPool = poolTokens(config) - 2 - inputTokens - spare - draftReserve(config);
  return Math.min(maxRequestTokens(config) - inputTokens - 1, byPool);
}

/** Admission by the remaining lengths of all requests rather than by the ratio: ignore_eos, and no radix cache. */
export function reservesExactly(config: SglangConfig): boolean {
  return config.ignoreEos && !config.prefixCaching;
}

/** Slots that a request's drafts take at most beyond its tokens, in whole pages: those of two passes. */
export function draftReserve({ speculation, blockTokens }: SglangConfig): number {
  if (speculation === null) return 0;
  return Math.ceil((2 * (1 + speculation.draftTokens)) / blockTokens) * blockTokens;
}

/** Whether the server takes the request and lets it generate all its tokens. */
export function serves(config: SglangConfig, role: EngineRole, inputTokens: number, outputTokens: number): boolean {
  if (inputTokens >= maxRequestTokens(config) - 5) return false;
  return (role === 'prefill' ? 1 : outputTokens) <= mostNewTokens(config, role, inputTokens);
}
