import { NS_PER_S } from '../base/units.ts';
import { correctionOf, frontEndOf, hostOf, scalesOf, type TimingModel } from './coefficients.ts';
import { compileHost, type GraphRecipe } from './hostProfile.ts';
import { gpusPerReplica, type ReplicaSpec } from './replica.ts';
import { compileTimer, type DraftCost } from './roofline.ts';
import type { StepTimer } from './stepTimer.ts';

/** A server's clock: its engine's passes, and what a request costs outside the engine. */
export interface ServerTiming {
  readonly timer: StepTimer;
  /** One request's way in and out, whole ns, and the tokenising of a prompt token, ns. */
  readonly requestNs: number;
  readonly perInputTokenNs: number;
}

/** Timing of one replica from coefficients, its launch recipe and how it drafts. */
export function compileServer(
  spec: ReplicaSpec,
  graphs: GraphRecipe,
  drafts: DraftCost | null,
  model: TimingModel,
): ServerTiming {
  const { requestS, perTokenS } = frontEndOf(model, graphs.backend);
  const timer = compileTimer(spec, {
    scales: scalesOf(model, graphs.backend, spec),
    correction: correctionOf(model.group, gpusPerReplica(spec.parallelism)),
    host: compileHost(spec, graphs, hostOf(model)),
    drafts,
  });
  return { timer, requestNs: Math.round(requestS * NS_PER_S), perInputTokenNs: perTokenS * NS_PER_S };
}
