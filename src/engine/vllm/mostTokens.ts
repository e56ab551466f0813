import type { EngineSetup } from '../engineSetup.ts';
import type { VllmConfig } from './vllmConfig.ts';

/**
 * Tokens after which the scheduler knows that a request ends, >= those it really generates: its `max_tokens`, or what the
 * context has room for. One that ends before it (EOS) is known to have ended only when the token is out.
 */
export function mostTokens({ config, role, table }: EngineSetup<VllmConfig>, request: number): number {
  const asked = role === 'prefill' ? 1 : table.maxOutputTokens[request];
  return Math.min(asked, config.contextLength - table.inputTokens[request]);
}
