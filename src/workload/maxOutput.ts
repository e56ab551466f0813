import { makeInt32Column, replaceFields } from './columns.ts';
import type { Workload } from './workload.ts';

/** What clients ask for as the longest answer: what they get, all the context has room for, a number, a multiple. */
export type MaxOutputRule = 'exact' | 'context' | { readonly fixed: number } | { readonly factor: number };

const LARGEST = 2147483647;

/**
 * Sets `maxOutputTokens`, which engines that reserve memory see in place of the truth; never below the real output.
 * @param contextLength tokens, prompt and output together; used by `context`
 */
export function withMaxOutput(workload: Workload, rule: MaxOutputRule, contextLength: number): Workload {
  const { count, inputTokens, outputTokens } = workload;
  const maxOutputTokens = makeInt32Column(count);
  for (let i = 0; i < count; i++) {
    const asked = askedFor(rule, inputTokens[i], outputTokens[i], contextLength);
    maxOutputTokens[i] = Math.min(LARGEST, Math.max(outputTokens[i], asked));
  }
  return replaceFields(workload, { maxOutputTokens });
}

function askedFor(rule: MaxOutputRule, input: number, output: number, contextLength: number): number {
  if (rule === 'exact') return output;
  if (rule === 'context') return contextLength - input;
  return 'fixed' in rule ? rule.fixed : Math.ceil(output * rule.factor);
}
