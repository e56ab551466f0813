import type { InputIssue } from '../base/inputError.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import type { Role } from '../cluster/scenario.ts';
import type { WorkerConfig } from './predictConfig.ts';

interface Placed {
  readonly role: Role;
  readonly pool: WorkerConfig;
  /** In the words of the YAML. */
  readonly path: string;
}

/** What of these pools no core simulates, each at its place. */
export function unsimulatedIssues(backend: Backend, pools: readonly Placed[]): InputIssue[] {
  return backend === 'sglang' ? pools.flatMap(pipelineIssues) : [];
}

/** SGLang's pipeline stages with ranks that each have a queue, and in workers that only decode. */
function pipelineIssues({ role, pool, path }: Placed): InputIssue[] {
  const { pipeline, attention_data } = pool.parallelism;
  if (pipeline === 1 || (attention_data === 1 && role !== 'decode')) return [];
  const where = attention_data > 1 ? 'with attention DP' : 'in decode workers';
  return [{ path: `${path}.parallelism.pipeline`, message: `is not simulated yet ${where}` }];
}
