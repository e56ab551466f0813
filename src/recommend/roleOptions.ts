import type { Backend } from '../catalog/engineProfile.ts';
import type { ModelFacts, WeightDtype } from '../catalog/model.ts';
import type { Facts } from '../config/facts.ts';
import type { Assignment, Domain } from '../config/recommendConfig.ts';
import { defaultMoe, type Shape } from '../config/shapeRules.ts';
import { enumeratePoints } from '../search/space.ts';
import type { Applicable } from './applicable.ts';
import type { Refusal } from './refusal.ts';
import { shapeFamily, shapeRefusal } from './shapes.ts';

/** One way to fill in the fields of one role. */
export interface RoleOption {
  readonly assignment: Assignment;
  /** null when the role is a list of pools, whose sizes are only known once resolved. */
  readonly gpus: number | null;
  readonly family: string | null;
}

export interface RoleOptions {
  readonly legal: readonly RoleOption[];
  /** Points of the role's domains that no legal candidate can have. */
  readonly refused: readonly Refusal[];
}

export interface RoleContext {
  readonly model: ModelFacts;
  readonly backend: Backend;
  readonly quantization: WeightDtype;
  /** Of the shared part; a role's own comes before it. */
  readonly hardware: string | undefined;
  readonly facts: Facts;
  readonly applicable: Applicable;
  /** Values of the domains that all roles share. */
  readonly shared: Assignment;
}

/** Every point of a role's domains, the illegal shapes set apart. Shapes nobody asked for are tried in their usual families only. */
export function roleOptions(role: string, domains: readonly Domain[], context: RoleContext): RoleOptions {
  const at = (field: string): string => `engine.workers.${role}.${field}`;
  const chosenByUs = domains
    .filter(({ path }) => path === at('parallelism.tensor') || path === at('parallelism.attention_data'))
    .every(({ origin }) => origin === 'default');
  const isList = domains.every(({ path }) => path !== at('parallelism.replicas'));
  const legal: RoleOption[] = [];
  const refused: Refusal[] = [];
  for (const values of enumeratePoints(domains.map(({ path, values }) => ({ name: path, values })))) {
    const assignment = context.applicable.point(domains, values, context.shared);
    if (assignment === null) continue;
    if (isList) {
      legal.push({ assignment, gpus: null, family: null });
      continue;
    }
    const shape = shapeOf(assignment, at, context.model);
    const family = shapeFamily(context.model, shape);
    if (chosenByUs && family === null) continue;
    const hardware = (assignment[at('hardware')] ?? context.hardware) as string;
    const { model, quantization, backend } = context;
    const replicas = Number(assignment[at('parallelism.replicas')] ?? 1);
    const refusal = shapeRefusal(model, context.facts.hardware(hardware), quantization, shape, backend, !chosenByUs);
    if (refusal !== null) refused.push(refusal);
    else legal.push({ assignment, gpus: replicas * gpusOfShape(shape), family });
  }
  return { legal, refused };
}

function gpusOfShape({ tensor, pipeline, attention_data }: Shape): number {
  return tensor * pipeline * attention_data;
}

function shapeOf(assignment: Assignment, at: (field: string) => string, model: ModelFacts): Shape {
  const figure = (field: string): number | undefined => assignment[at(`parallelism.${field}`)] as number | undefined;
  const tensor = figure('tensor') ?? 1;
  const attentionData = figure('attention_data') ?? 1;
  const given = { moe_tensor: figure('moe_tensor'), moe_expert: figure('moe_expert') };
  return {
    tensor,
    pipeline: figure('pipeline') ?? 1,
    attention_data: attentionData,
    ...defaultMoe(model, tensor * attentionData, given),
  };
}
