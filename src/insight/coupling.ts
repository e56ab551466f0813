import { exp } from '../base/math.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { metricDirection, metricWords } from '../metrics/metricNames.ts';
import type { Report } from '../metrics/report.ts';
import type { Laboratory } from './laboratory.ts';
import { logGain, type TriedMove } from './sensitivity.ts';

/** Two moves made together, against what they do apart. Gains are factors: 1.1 is a tenth better, 0.9 a tenth worse. */
export interface Coupling {
  readonly first: string;
  readonly second: string;
  readonly metric: string;
  readonly gain_first: number;
  readonly gain_second: number;
  readonly gain_together: number;
  /** Together over the product of the two apart: above 1 they help each other, below they fight. */
  readonly interaction: number;
  readonly sentence: string;
}

/** Knobs of the factorial, those that matter most on the metric; their pairs number 15. */
const KNOBS = 6;
/** An interaction below 2 % is not worth a sentence. */
const STRONG = 0.02;

/**
 * The two-factor interactions of a two-level factorial around a deployment: each of the knobs that matter most, at its
 * better notch, alone and with each other. Interactions of three are not looked at. Strongest first.
 */
export function couplingsOf(
  laboratory: Laboratory,
  config: PredictConfig,
  base: Report,
  tried: readonly TriedMove[],
  metric: string,
): Coupling[] {
  const bestOfKnob = new Map<string, { each: TriedMove; gain: number }>();
  for (const each of tried) {
    const gain = logGain(metric, base, each.report);
    const known = bestOfKnob.get(each.move.knob);
    if (gain !== null && (known === undefined || gain > known.gain)) bestOfKnob.set(each.move.knob, { each, gain });
  }
  const factors = [...bestOfKnob.values()].sort((a, b) => Math.abs(b.gain) - Math.abs(a.gain)).slice(0, KNOBS);
  const couplings: Coupling[] = [];
  factors.forEach((first, i) => {
    for (const second of factors.slice(i + 1)) {
      const both = laboratory.report(second.each.move.apply(first.each.move.apply(config)));
      const together = both === null ? null : logGain(metric, base, both);
      if (together === null) continue;
      couplings.push(couplingOf(metric, first, second, together));
    }
  });
  return couplings.sort((a, b) => strength(b) - strength(a));
}

function couplingOf(
  metric: string,
  first: { each: TriedMove; gain: number },
  second: { each: TriedMove; gain: number },
  together: number,
): Coupling {
  const interaction = together - first.gain - second.gain;
  const [a, b] = [first.each.move.label, second.each.move.label];
  const better = metricDirection(metric) === 'minimize' ? -1 : 1;
  const words = (gain: number): string => {
    const change = (exp(better * gain) - 1) * 100;
    return `${change > 0 ? '+' : ''}${change.toFixed(0)} %`;
  };
  const sentence =
    Math.abs(interaction) < STRONG
      ? `${a} and ${b} do not touch each other in ${metricWords(metric)}.`
      : `${a} with ${b}: ${metricWords(metric)} ${words(together)}, where the two apart would give ${words(first.gain + second.gain)}; ` +
        (interaction > 0 ? 'they help each other.' : 'they get in each other’s way.');
  return {
    first: a,
    second: b,
    metric,
    gain_first: exp(first.gain),
    gain_second: exp(second.gain),
    gain_together: exp(together),
    interaction: exp(interaction),
    sentence,
  };
}

export function isStrong({ interaction }: Coupling): boolean {
  return strength({ interaction }) >= STRONG;
}

function strength({ interaction }: Pick<Coupling, 'interaction'>): number {
  return interaction >= 1 ? interaction - 1 : 1 / interaction - 1;
}
