import { quantile } from './errors.ts';
import type { MeasuredPoint } from './measuredPoint.ts';
import { groupsBy, type Predicted } from './predicted.ts';
import type { Means } from './replay.ts';

/** What choosing by our predictions costs, as a share of the best measured output tokens per second and GPU. */
export interface RegretSummary {
  /** Choices: the same model, GPU, workload and concurrency, with at least two servers measured. */
  readonly choices: number;
  /** Over model x GPU, of the mean over each one's choices; null without choices. */
  readonly median: number | null;
  readonly worst: { readonly value: string; readonly regret: number } | null;
  readonly groups: readonly { readonly value: string; readonly choices: number; readonly regret: number }[];
}

/**
 * Of the servers measured for one model, GPU, workload and concurrency we would choose the one with the highest predicted
 * throughput per GPU; its regret is what it was measured to fall short of the best of them.
 */
export function decisionRegret(rows: readonly Predicted[]): RegretSummary {
  const usable = rows.filter(({ point }) => point.trusted.ttft && point.trusted.tpot);
  const groups = groupsBy(usable, ({ point }) => `${point.model} ${point.hardware}`)
    .map(([value, group]) => ({ value, regrets: choicesOf(group).map(regretOf) }))
    .filter(({ regrets }) => regrets.length > 0)
    .map(({ value, regrets }) => ({
      value,
      choices: regrets.length,
      regret: regrets.reduce((sum, regret) => sum + regret, 0) / regrets.length,
    }));
  const ordered = [...groups].sort((a, b) => a.regret - b.regret);
  const worst = ordered.at(-1);
  return {
    choices: groups.reduce((sum, { choices }) => sum + choices, 0),
    median:
      ordered.length === 0
        ? null
        : quantile(
            ordered.map(({ regret }) => regret),
            0.5,
          ),
    worst: worst === undefined ? null : { value: worst.value, regret: worst.regret },
    groups,
  };
}

/** Sets of servers to choose from: one point a server, the mean of repeated measurements being too kind to us. */
function choicesOf(group: readonly Predicted[]): Predicted[][] {
  const choices = groupsBy(group, ({ point }) => {
    return `${point.inputTokens} ${point.outputTokens} ${point.concurrency}`;
  });
  return choices
    .map(([, rows]) => groupsBy(rows, ({ point }) => serverOf(point)).map(([, repeats]) => repeats[0]))
    .filter((rows) => rows.length > 1);
}

function serverOf({ backend, precision, parallelism }: MeasuredPoint): string {
  return `${backend} ${precision} ${Object.values(parallelism).join(' ')}`;
}

function regretOf(choice: readonly Predicted[]): number {
  const measured = choice.map(({ point }) => tokensPerSPerGpu(point, point));
  const predicted = choice.map(({ point, means }) => tokensPerSPerGpu(point, means!));
  const chosen = predicted.indexOf(Math.max(...predicted));
  return 1 - measured[chosen] / Math.max(...measured);
}

/** Of a closed loop: each slot yields its output tokens once in a first token's and the other tokens' time. */
function tokensPerSPerGpu(point: MeasuredPoint, { ttftMs, tpotMs }: Means): number {
  const { tensor, pipeline, attentionData } = point.parallelism;
  const outputTokens = (point.outputTokens * (point.lengthShares[0] + point.lengthShares[1])) / 2;
  return (
    (point.concurrency * outputTokens * 1000) /
    (ttftMs + tpotMs * (outputTokens - 1)) /
    (tensor * pipeline * attentionData)
  );
}
