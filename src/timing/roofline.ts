import { NS_PER_S } from '../base/units.ts';
import { GroupedQueryAttention } from './attention.ts';
import type { AttentionCost } from './attentionCost.ts';
import { FITTED_SCALES, type RooflineScales } from './constants.ts';
import { CostTable } from './costTable.ts';
import { LatentAttention } from './mla.ts';
import { PassCost } from './passCost.ts';
import type { PassShape } from './passShape.ts';
import type { ReplicaSpec } from './replica.ts';
import type { BoundIndex, StepTimer } from './stepTimer.ts';
import { headProduct, TokenCost } from './tokenCost.ts';
import { wholeNs } from './wholeNs.ts';

/**
 * The smooth roofline of one replica: every operator is launch + (compute^q + memory^q)^(1/q), summed over the model.
 * Attention-DP ranks share a pass evenly. Throws on pipeline parallelism, which is not modelled.
 */
export function compileTimer(spec: ReplicaSpec, scales: RooflineScales = FITTED_SCALES): StepTimer {
  if (spec.parallelism.pipeline > 1) {
    throw new Error(`pipeline parallelism (${spec.parallelism.pipeline} stages) is not supported by the timing model`);
  }
  return new RooflineTimer(spec, scales);
}

class RooflineTimer implements StepTimer {
  readonly window: number;
  readonly #tokens: CostTable;
  readonly #head: CostTable;
  readonly #decode: CostTable;
  readonly #attention: AttentionCost;
  readonly #nsPerContext: number;
  readonly #nsPerWindowed: number;
  readonly #scratch = new PassCost();
  /** Decode-only passes by sequences, ns without their context; 0 = not yet evaluated. */
  #decodeBaseNs = new Float64Array(1024);

  constructor(spec: ReplicaSpec, scales: RooflineScales) {
    const { attention } = spec.model;
    const tokens = new TokenCost(spec, scales);
    const head = headProduct(spec, scales);
    const attentionData = spec.parallelism.attentionData;
    this.window = attention.kind === 'gqa' && attention.windowedLayers > 0 ? (attention.slidingWindow ?? 0) : 0;
    const kernels =
      attention.kind === 'gqa'
        ? new GroupedQueryAttention(spec, attention, scales)
        : new LatentAttention(spec, attention, scales);
    this.#attention = kernels;
    this.#tokens = new CostTable((cost, count) => tokens.addTo(cost, count));
    this.#head = new CostTable((cost, count) => {
      if (count > 0) head.addTo(cost, count / attentionData, 1);
    });
    this.#decode = new CostTable((cost, count) => {
      if (count > 0) kernels.addDecodeBase(cost, count);
    });
    this.#nsPerContext = kernels.decodePerContextS * NS_PER_S;
    this.#nsPerWindowed = kernels.decodePerWindowedS * NS_PER_S;
  }

  decodeNs(sequences: number, contextTokens: number, windowedTokens: number): number {
    let baseNs = this.#decodeBaseNs[sequences];
    // Also true for `undefined`, past the end.
    if (!(baseNs > 0)) baseNs = this.#fillDecodeBase(sequences);
    return wholeNs(baseNs + this.#nsPerContext * contextTokens + this.#nsPerWindowed * windowedTokens);
  }

  passNs(shape: PassShape): number {
    const { decodes } = shape;
    if (shape.chunks === 0) return this.decodeNs(decodes, shape.decodeContext, shape.decodeWindowed);
    const cost = this.#scratch;
    cost.clear();
    this.#attention.addPrefill(cost, shape);
    const baseNs = this.#baseNs(decodes + shape.chunkTokens, shape.sampled, decodes);
    const decodeNs = baseNs + this.#nsPerContext * shape.decodeContext + this.#nsPerWindowed * shape.decodeWindowed;
    return wholeNs(decodeNs + cost.totalS() * NS_PER_S);
  }

  boundOf(shape: PassShape): BoundIndex {
    const cost = this.#scratch;
    cost.clear();
    this.#tokens.addTo(cost, shape.decodes + shape.chunkTokens);
    this.#head.addTo(cost, shape.sampled);
    this.#decode.addTo(cost, shape.decodes);
    const { decodePerContextS, decodePerWindowedS, decodeComputeBound } = this.#attention;
    const contextS = decodePerContextS * shape.decodeContext + decodePerWindowedS * shape.decodeWindowed;
    if (decodeComputeBound) cost.computeS += contextS;
    else cost.hbmS += contextS;
    if (shape.chunks > 0) this.#attention.addPrefill(cost, shape);
    return cost.bound();
  }

  #baseNs(tokens: number, sampled: number, decodes: number): number {
    return (this.#tokens.totalS(tokens) + this.#head.totalS(sampled) + this.#decode.totalS(decodes)) * NS_PER_S;
  }

  #fillDecodeBase(sequences: number): number {
    while (sequences >= this.#decodeBaseNs.length) {
      const grown = new Float64Array(2 * this.#decodeBaseNs.length);
      grown.set(this.#decodeBaseNs);
      this.#decodeBaseNs = grown;
    }
    const baseNs = this.#baseNs(sequences, sequences, sequences);
    this.#decodeBaseNs[sequences] = baseNs;
    return baseNs;
  }
}
