import type { AttentionCost } from './attentionCost.ts';
import type { FamilySeconds } from './families.ts';
import type { Gemm } from './gemm.ts';
import { PassCost } from './passCost.ts';
import type { PassShape } from './passShape.ts';
import type { ExpertCost, RankCost } from './tokenCost.ts';

/** Formulas of one replica. */
export interface PassParts {
  readonly ranks: number;
  readonly rank: RankCost;
  readonly experts: ExpertCost;
  readonly head: Gemm;
  readonly attention: AttentionCost;
  /** Passes that make drafts, and the share of the model's layers that each runs. */
  readonly draftPasses: number;
  readonly draftShare: number;
}

/** What a pass computes; counts are those of all ranks. */
export interface PassExtent {
  readonly shape: PassShape;
  /** Share of the shape's sums that falls to a rank. */
  readonly share: number;
  readonly tokens: number;
  readonly groupTokens: number;
  readonly sampled: number;
  readonly decodeTokens: number;
  /** Sequences that drafts are made for. */
  readonly drafted: number;
}

/** A pass's time by families of formulas: slower than the timer's tables, and for looking only. */
export class PassFamilies {
  readonly #parts: PassParts;
  readonly #cost = new PassCost();

  constructor(parts: PassParts) {
    this.#parts = parts;
  }

  /** Adds all but the decodes' context, the host's step and waiting. */
  addTo(families: FamilySeconds, extent: PassExtent): void {
    const { attention, draftPasses, draftShare } = this.#parts;
    const { shape, share, tokens, groupTokens, sampled, decodeTokens, drafted } = extent;
    families.add(
      'attention',
      this.#secondsOf((cost) => shape.chunks > 0 && attention.addPrefill(cost, shape, share)),
    );
    this.#addModel(families, tokens, groupTokens, decodeTokens, 1);
    this.#addHead(families, sampled, 1);
    if (drafted === 0 || draftPasses === 0) return;
    this.#addModel(families, drafted, drafted, drafted, draftShare);
    this.#addHead(families, drafted, draftPasses);
  }

  #addModel(families: FamilySeconds, tokens: number, groupTokens: number, decodeTokens: number, times: number): void {
    const { ranks, rank, experts, attention } = this.#parts;
    const perRank = tokens / ranks;
    const seconds = (add: (cost: PassCost) => unknown) => times * this.#secondsOf(add);
    families.add(
      'gemm',
      seconds((cost) => rank.addProducts(cost, perRank)),
      rank.hasFittedFormat,
    );
    families.add(
      'collectives',
      seconds((cost) => rank.addCollectives(cost, perRank)),
      rank.hasFittedLink,
    );
    families.add(
      'elementwise',
      seconds((cost) => rank.addElementwise(cost, perRank)),
    );
    families.add(
      'host',
      seconds((cost) => rank.addOverhead(cost)),
    );
    families.add(
      'moe',
      seconds((cost) => experts.addExperts(cost, groupTokens)),
      experts.hasFittedFormat,
    );
    families.add(
      'collectives',
      seconds((cost) => experts.addExchange(cost, groupTokens)),
      experts.hasFittedLink,
    );
    families.add(
      'attention',
      seconds((cost) => decodeTokens > 0 && attention.addDecodeBase(cost, decodeTokens / ranks)),
    );
  }

  #addHead(families: FamilySeconds, rows: number, times: number): void {
    const { ranks, head } = this.#parts;
    families.add(
      'gemm',
      this.#secondsOf((cost) => rows > 0 && head.addTo(cost, rows / ranks, times)),
    );
  }

  #secondsOf(add: (cost: PassCost) => unknown): number {
    this.#cost.clear();
    add(this.#cost);
    return this.#cost.totalS();
  }
}
