import type { InputIssue } from '../base/inputError.ts';
import type { MemoryPlan } from '../timing/memory.ts';
import type { WorkerConfig } from './predictConfig.ts';

/** What forbids a pool its pages, at its place below the pool; null: nothing. */
export function pageIssue({ scheduler }: WorkerConfig, { groups }: MemoryPlan): InputIssue | null {
  const state = groups.find((group) => group.kind === 'state');
  if (state === undefined || !state.aligned) return null;
  // vLLM refuses to start: no chunk would reach the end of a page, where a state can be cached.
  for (const field of ['max_batched_tokens', 'long_prefill_token_threshold'] as const) {
    const tokens = scheduler[field] ?? 0;
    if (tokens > 0 && tokens < state.blockTokens) {
      return {
        path: `scheduler.${field}`,
        message: `must be at least ${state.blockTokens} with prefix caching of recurrent states (a page holds one), got ${tokens}`,
        hint: 'or kv_cache.prefix_caching false',
      };
    }
  }
  return null;
}
