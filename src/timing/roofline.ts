import { pow } from '../base/math.ts';
import { NS_PER_S } from '../base/units.ts';
import { GroupedQueryAttention } from './attention.ts';
import type { AttentionCost } from './attentionCost.ts';
import { attentionWindow } from './attentionWindow.ts';
import type { RooflineScales } from './constants.ts';
import type { Correction } from './correction.ts';
import { CostTable } from './costTable.ts';
import { DEFAULT_SCALES } from './defaultScales.ts';
import type { FamilySeconds } from './families.ts';
import { type HostProfile, IDEAL_HOST, PIECEWISE_SHARE } from './hostProfile.ts';
import { HybridAttention } from './linearAttention.ts';
import { LatentAttention } from './mla.ts';
import { PassCost } from './passCost.ts';
import { PassFamilies } from './passFamilies.ts';
import type { PassShape } from './passShape.ts';
import type { ReplicaSpec } from './replica.ts';
import type { BoundIndex, StepTimer } from './stepTimer.ts';
import { ExpertCost, headProduct, RankCost } from './tokenCost.ts';
import { wholeNs } from './wholeNs.ts';

/** How drafts are made: by `steps` passes one after the other through `layers` of the model's own layers and its head. */
export interface DraftCost {
  /** Draft tokens of a sequence in one pass, >= 1. */
  readonly tokens: number;
  /** Layers of one drafting pass: 1 for MTP and EAGLE heads, 0 when drafts cost no pass (n-grams). */
  readonly layers: number;
}

export interface TimerOptions {
  readonly scales?: RooflineScales;
  readonly correction?: Correction | null;
  readonly host?: HostProfile;
  readonly drafts?: DraftCost | null;
}

/**
 * The smooth roofline of one replica: every operator is launch + (compute^q + memory^q)^(1/q), summed over the model, and
 * no pass is shorter than the host needs to launch it.
 */
export function compileTimer(spec: ReplicaSpec, options: TimerOptions = {}): StepTimer {
  return new RooflineTimer(spec, options);
}

class RooflineTimer implements StepTimer {
  readonly window: number;
  readonly #ranks: number;
  readonly #host: HostProfile;
  readonly #correction: Correction | null;
  readonly #tokensPerDecode: number;
  readonly #largestGraph: number;
  /** By tokens: of one rank times ranks; of all ranks. */
  readonly #rank: CostTable;
  readonly #experts: CostTable;
  readonly #head: CostTable;
  readonly #decode: CostTable;
  /** Drafting, by sequences times ranks, without their context. */
  readonly #drafting: CostTable;
  readonly #attention: AttentionCost;
  readonly #nsPerContext: number;
  readonly #nsPerWindowed: number;
  readonly #nsPerDraftContext: number;
  readonly #eagerNs: number;
  readonly #scratch = new PassCost();
  readonly #families: PassFamilies;
  /** Decode-only passes by sequences, ns without their context; 0 = not yet evaluated. */
  #decodeBaseNs = new Float64Array(1024);

  constructor(spec: ReplicaSpec, options: TimerOptions) {
    const { scales = DEFAULT_SCALES, host = IDEAL_HOST, drafts = null, correction = null } = options;
    const { layers } = spec.model;
    const ranks = spec.parallelism.attentionData;
    const rank = new RankCost(spec, scales);
    const experts = new ExpertCost(spec, scales);
    const head = headProduct(spec, scales);
    this.#ranks = ranks;
    this.#host = host;
    this.#tokensPerDecode = 1 + (drafts?.tokens ?? 0);
    this.window = attentionWindow(spec.model);
    this.#largestGraph = host.decodeGraphs === null ? Number.POSITIVE_INFINITY : (host.decodeGraphs.at(-1) ?? 0);
    const kernels = attentionOf(spec, scales, this.#tokensPerDecode);
    this.#attention = kernels;
    this.#rank = new CostTable((cost, count) => rank.addTo(cost, count / ranks));
    this.#experts = new CostTable((cost, count) => experts.addTo(cost, count));
    this.#head = new CostTable((cost, count) => {
      if (count > 0) head.addTo(cost, count / ranks, 1);
    });
    this.#decode = new CostTable((cost, count) => {
      if (count > 0) kernels.addDecodeBase(cost, count / ranks);
    });
    const draftPasses = drafts === null || drafts.layers === 0 ? 0 : drafts.tokens;
    const draftShare = (draftPasses * (drafts?.layers ?? 0)) / layers;
    this.#drafting = new CostTable((cost, count) => {
      if (draftPasses === 0) return;
      rank.addTo(cost, count / ranks);
      experts.addTo(cost, count);
      kernels.addDecodeBase(cost, count / ranks);
      cost.scale(draftShare);
      head.addTo(cost, count / ranks, draftPasses);
    });
    this.#families = new PassFamilies({ ranks, rank, experts, head, attention: kernels, draftPasses, draftShare });
    const contextNs = ((correction?.context ?? 1) * NS_PER_S) / ranks;
    this.#correction = correction;
    this.#nsPerContext = kernels.decodePerContextS * contextNs;
    this.#nsPerWindowed = kernels.decodePerWindowedS * contextNs;
    this.#nsPerDraftContext = draftShare * this.#nsPerContext;
    this.#eagerNs = host.eagerFloorS * NS_PER_S;
  }

  decodeNs(sequences: number, contextTokens: number, windowedTokens: number): number {
    let baseNs = this.#decodeBaseNs[sequences];
    // Also true for `undefined`, past the end.
    if (!(baseNs > 0)) baseNs = this.#fillDecodeBase(sequences);
    const gpuNs = baseNs + this.#contextNs(contextTokens, windowedTokens);
    const isEager = sequences > this.#largestGraph * this.#ranks;
    return wholeNs(isEager && gpuNs < this.#eagerNs ? this.#eagerNs : gpuNs);
  }

  passNs(shape: PassShape): number {
    const { decodes, decodeTokens, chunkTokens, groupTokens } = shape;
    const isWhole = groupTokens === 0;
    const drafted = decodes * this.#tokensPerDecode === decodeTokens;
    if (shape.chunks === 0 && isWhole && !shape.eager && drafted) {
      return this.decodeNs(decodes, shape.decodeContext, shape.decodeWindowed);
    }
    // A rank's shape, times ranks, is as a whole replica's of which every rank had the same.
    const copies = isWhole ? 1 : this.#ranks;
    const eagerNs = this.#eagerFloorNs(shape, copies);
    const sequences = decodes * copies;
    const padded = eagerNs > 0 ? sequences : this.#padded(sequences);
    const extra = (padded - sequences) * this.#tokensPerDecode;
    const tokens = (decodeTokens + chunkTokens) * copies + extra;
    const cost = this.#scratch;
    cost.clear();
    if (shape.chunks > 0) this.#attention.addPrefill(cost, shape, copies / this.#ranks);
    const decodingTokens = decodeTokens * copies + extra;
    let seconds = cost.totalS() + this.#rank.totalS(tokens) + this.#experts.totalS(isWhole ? tokens : groupTokens);
    seconds += this.#head.totalS(shape.sampled * copies + extra) + this.#decode.totalS(decodingTokens);
    if (decodeTokens > decodes) seconds += this.#drafting.totalS(padded);
    seconds += this.#host.stepS + this.#host.perSequenceS * (copies / this.#ranks) * (decodes + shape.chunks);
    const baseNs = this.#corrected(seconds * NS_PER_S, sequences);
    const gpuNs = baseNs + copies * this.#contextNs(shape.decodeContext, shape.decodeWindowed);
    return wholeNs(gpuNs < eagerNs ? eagerNs : gpuNs);
  }

  boundOf(shape: PassShape): BoundIndex {
    const { groupTokens } = shape;
    const copies = groupTokens === 0 ? 1 : this.#ranks;
    const tokens = (shape.decodeTokens + shape.chunkTokens) * copies;
    const cost = this.#scratch;
    cost.clear();
    this.#rank.addTo(cost, tokens);
    this.#experts.addTo(cost, groupTokens === 0 ? tokens : groupTokens);
    this.#head.addTo(cost, shape.sampled * copies);
    this.#decode.addTo(cost, shape.decodeTokens * copies);
    if (shape.decodeTokens > shape.decodes) this.#drafting.addTo(cost, shape.decodes * copies);
    const share = copies / this.#ranks;
    const { decodePerContextS, decodePerWindowedS, decodeComputeBound } = this.#attention;
    const contextS = share * (decodePerContextS * shape.decodeContext + decodePerWindowedS * shape.decodeWindowed);
    if (decodeComputeBound) cost.computeS += contextS;
    else cost.hbmS += contextS;
    if (shape.chunks > 0) this.#attention.addPrefill(cost, shape, share);
    return cost.totalS() * NS_PER_S < this.#eagerFloorNs(shape, copies) ? LAUNCH : cost.bound();
  }

  addFamilies(shape: PassShape, families: FamilySeconds): void {
    const { decodes, chunkTokens, groupTokens } = shape;
    const copies = groupTokens === 0 ? 1 : this.#ranks;
    const eagerNs = this.#eagerFloorNs(shape, copies);
    const sequences = decodes * copies;
    const padded = eagerNs > 0 ? sequences : this.#padded(sequences);
    const extra = (padded - sequences) * this.#tokensPerDecode;
    const decodeTokens = shape.decodeTokens * copies + extra;
    const tokens = decodeTokens + chunkTokens * copies;
    const share = copies / this.#ranks;
    this.#families.addTo(families, {
      shape,
      share,
      tokens,
      groupTokens: groupTokens === 0 ? tokens : groupTokens,
      sampled: shape.sampled * copies + extra,
      decodeTokens,
      drafted: shape.decodeTokens > decodes ? padded : 0,
    });
    families.add('host', this.#host.stepS + this.#host.perSequenceS * share * (decodes + shape.chunks), false);
    const totalNs = families.totalS() * NS_PER_S;
    families.scale(this.#corrected(totalNs, sequences) / totalNs);
    families.add('attention', (copies * this.#contextNs(shape.decodeContext, shape.decodeWindowed)) / NS_PER_S);
    families.add('host', Math.max(0, eagerNs / NS_PER_S - families.totalS()));
  }

  /** How long the host takes to launch the pass, 0 if it replays graphs. */
  #eagerFloorNs(shape: PassShape, copies: number): number {
    const perRank = copies / this.#ranks;
    if (shape.chunks === 0) {
      return shape.eager || shape.decodes * perRank > this.#largestGraph ? this.#eagerNs : 0;
    }
    const tokens = (shape.decodeTokens + shape.chunkTokens) * perRank;
    return tokens > this.#host.prefillGraphTokens ? this.#eagerNs : PIECEWISE_SHARE * this.#eagerNs;
  }

  /** Sequences times ranks, once every rank's batch is padded to a captured size; as they are beyond the largest. */
  #padded(sequences: number): number {
    const { decodeGraphs } = this.#host;
    if (decodeGraphs === null || sequences === 0) return sequences;
    const perRank = sequences / this.#ranks;
    const size = decodeGraphs.find((captured) => captured >= perRank);
    return size === undefined ? sequences : size * this.#ranks;
  }

  #contextNs(contextTokens: number, windowedTokens: number): number {
    return (this.#nsPerContext + this.#nsPerDraftContext) * contextTokens + this.#nsPerWindowed * windowedTokens;
  }

  #fillDecodeBase(sequences: number): number {
    while (sequences >= this.#decodeBaseNs.length) {
      const grown = new Float64Array(2 * this.#decodeBaseNs.length);
      grown.set(this.#decodeBaseNs);
      this.#decodeBaseNs = grown;
    }
    const padded = this.#padded(sequences);
    const tokens = padded * this.#tokensPerDecode;
    let seconds = this.#rank.totalS(tokens) + this.#experts.totalS(tokens);
    seconds += this.#head.totalS(tokens) + this.#decode.totalS(tokens);
    if (this.#tokensPerDecode > 1) seconds += this.#drafting.totalS(padded);
    seconds += this.#host.stepS + (this.#host.perSequenceS / this.#ranks) * sequences;
    const baseNs = seconds * NS_PER_S * this.#decodeFactor(sequences);
    this.#decodeBaseNs[sequences] = baseNs;
    return baseNs;
  }

  /** A pass without its decode context: the part that its decodes alone would take, and what prompt tokens add. */
  #corrected(totalNs: number, sequences: number): number {
    if (this.#correction === null) return totalNs;
    if (sequences === 0) return totalNs * this.#correction.prefill;
    const factor = this.#decodeFactor(sequences);
    const correctedNs = this.#decodeBaseNs[sequences] || this.#fillDecodeBase(sequences);
    const decodeNs = Math.min(totalNs, correctedNs / factor);
    return decodeNs * factor + (totalNs - decodeNs) * this.#correction.prefill;
  }

  #decodeFactor(sequences: number): number {
    if (this.#correction === null) return 1;
    return this.#correction.decode * pow(sequences / BATCH_UNIT, this.#correction.decodeBatch);
  }
}

function attentionOf(spec: ReplicaSpec, scales: RooflineScales, tokensPerDecode: number): AttentionCost {
  const { attention, linear } = spec.model;
  if (attention.kind === 'mla') return new LatentAttention(spec, attention, scales, tokensPerDecode);
  const full = new GroupedQueryAttention(spec, attention, scales);
  return linear === null ? full : new HybridAttention(spec, linear, full, scales);
}

/** Sequences at which a correction's batch exponent changes nothing. */
const BATCH_UNIT = 32;

/** Index of `launch` in BOUNDS. */
const LAUNCH = 3;
