import type { Backend } from '../catalog/engineProfile.ts';
import type { ModelFacts } from '../catalog/model.ts';
import type { Role } from '../cluster/scenario.ts';
import type { Knob } from './knob.ts';
import { findKnob } from './knobs.ts';
import { type Path, withoutValue } from './paths.ts';
import type { Problems } from './problems.ts';
import type { Conditions, Domain, Scalar } from './recommendConfig.ts';
import { shapeProblems } from './shapeRules.ts';

const MOST_VALUES = 1000;
const TENSOR = [1, 2, 4, 8];
export const BATCHED_TOKENS = [2048, 8192, 16384];
export const ROUTERS = ['round_robin', 'least_loaded', 'prefix_aware'];
/** Concurrency of a synthetic workload whose load was left open. */
export const CONCURRENCY_LADDER = [1, 2, 4, 8, 16, 32, 64, 128, 256];

interface Range {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly scale?: 'linear' | 'log';
}

/** Takes the domains out of a validated document: what is left, and the domains the user wrote, in the order of the file. */
export function extractDomains(value: unknown, problems: Problems): { base: unknown; domains: Domain[] } {
  const domains: Domain[] = [];
  let base = value;
  const walk = (node: unknown, path: Path): void => {
    if (typeof node !== 'object' || node === null) return;
    const knob = findKnob(path.join('.'));
    if (knob?.tunable === true && ('choices' in node || 'range' in node)) {
      const values = 'choices' in node ? (node.choices as Scalar[]) : rangeValues(node.range as Range, path, problems);
      const role = roleOf(path);
      const when = conditionsOf(knob, node as { when?: Record<string, Scalar | Scalar[]> }, role, path, problems);
      domains.push({ path: path.join('.'), values: [...new Set(values)], role, origin: 'user', when });
      base = withoutValue(base, path);
      return;
    }
    for (const [key, child] of Object.entries(node)) walk(child, [...path, Array.isArray(node) ? Number(key) : key]);
  };
  walk(value, []);
  return { base, domains };
}

/** Where the knob is read at all, and where the user wants it to vary. */
function conditionsOf(
  { when: declared = {} }: Knob,
  { when: given = {} }: { readonly when?: Readonly<Record<string, Scalar | readonly Scalar[]>> },
  role: Role | null,
  path: Path,
  problems: Problems,
): Conditions {
  const found: Record<string, readonly Scalar[]> = { ...declared };
  for (const [knob, value] of Object.entries(given)) {
    const at = [...path, 'when', knob];
    const other = roleOf(knob.split('.'));
    if (findKnob(knob) === undefined) problems.add(at, 'must be the path of a field');
    else if (other !== null && other !== role) problems.add(at, 'must be shared by all workers, or of the same role');
    const values = typeof value === 'object' ? value : [value];
    found[knob] = found[knob]?.filter((each) => values.includes(each)) ?? values;
  }
  return found;
}

/** The role whose workers a path sets; null for shared fields. */
export function roleOf(path: Path): Role | null {
  return path[0] === 'engine' && path[1] === 'workers' ? (path[2] as Role) : null;
}

function rangeValues(range: Range, path: Path, problems: Problems): number[] {
  const { min, max, scale = 'linear' } = range;
  const step = range.step ?? (scale === 'log' ? 2 : 1);
  const at = [...path, 'range'];
  const whole = findKnob(path.join('.'))?.domain.kind === 'integer';
  if (max < min) problems.add([...at, 'max'], `must be at least min (${min}), got ${max}`);
  if (scale === 'log' && step <= 1) problems.add([...at, 'step'], `must be greater than 1 on a log scale, got ${step}`);
  else if (scale === 'log' && min <= 0)
    problems.add([...at, 'min'], `must be greater than 0 on a log scale, got ${min}`);
  else {
    const values: number[] = [];
    let grown = min;
    for (let k = 0; values.length <= MOST_VALUES; k++) {
      const exact = scale === 'log' ? grown : min + k * step;
      if (exact > max) return values.length === 0 ? [min] : values;
      values.push(whole ? Math.round(exact) : exact);
      grown *= step;
    }
    problems.add(at, `must have at most ${MOST_VALUES} values`, 'take a larger step');
  }
  return [min];
}

/** Tensor parallelism within a node that the model allows in one of the engines. */
export function tensorDomain(model: ModelFacts, backends: readonly Backend[]): number[] {
  return TENSOR.filter((tensor) => {
    const shape = {
      tensor,
      pipeline: 1,
      attention_data: 1,
      moe_tensor: model.moe === null ? 1 : tensor,
      moe_expert: 1,
    };
    return backends.some((backend) => shapeProblems(model, shape, backend).length === 0);
  });
}

/** Expert parallelism is off or over the whole replica, so every possible replica size that divides the experts is a value. */
export function moeExpertDomain(
  model: ModelFacts,
  tensor: readonly Scalar[],
  attentionData: readonly Scalar[],
): number[] {
  const experts = model.moe?.experts ?? 1;
  const sizes = tensor.flatMap((t) => attentionData.map((d) => Number(t) * Number(d)));
  return [...new Set([1, ...sizes])].filter((size) => experts % size === 0).sort((a, b) => a - b);
}

/**
 * Numbers of replicas worth telling apart on up to `gpus` GPUs: four in every doubling (1..8, 10, 12, 14, 16, 20 ...)
 * for aggregated workers, two (1, 2, 3, 4, 6, 8, 12 ...) for each side of a disaggregated deployment, whose numbers
 * multiply.
 */
export function replicaLadder(gpus: number, role: Role): number[] {
  const perDoubling = role === 'aggregated' ? 4 : 2;
  const values: number[] = [];
  for (let unit = 1; ; unit *= 2) {
    const first = unit === 1 ? 1 : perDoubling;
    for (let n = first; n < 2 * perDoubling; n++) {
      if (n * unit > gpus) return values;
      values.push(n * unit);
    }
  }
}
