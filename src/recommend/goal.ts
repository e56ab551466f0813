import type { RecommendConfig } from '../config/recommendConfig.ts';
import { statedBounds } from './constraints.ts';
import type { Goal } from './recommendation.ts';

/** The goal with what was asked as one sentence. */
export function goalOf(config: RecommendConfig): Goal {
  const { kind, objectives, slo } = config.goal;
  return { kind, objectives, slo, sentence: sentenceOf(config) };
}

function sentenceOf({ goal, constraints, model, hardware }: RecommendConfig): string {
  const [first, ...others] = goal.objectives;
  const aim = `${first.direction === 'minimize' ? 'least' : 'most'} ${first.metric}`;
  const against = others.length === 0 ? '' : ` against ${others.map(({ metric }) => metric).join(' and ')}`;
  const usd = constraints.max_usd_per_hour === null ? '' : ` and ${constraints.max_usd_per_hour} USD/h`;
  const fleet = `${model} on up to ${constraints.max_candidate_gpus} x ${hardware.join(' or ')}${usd}`;
  const load = { given_load: '', load_ladder: ', over a ladder of loads', capacity: ', at the highest load held' }[
    goal.kind
  ];
  const bounds = statedBounds(goal.slo).map(({ name }) => name);
  const slo = bounds.length === 0 ? '' : `, with ${bounds.join(' and ')}`;
  return `${aim}${against} for ${fleet}${load}${slo}`;
}
