import { attentionLayers, type WeightDtype } from '../catalog/model.ts';
import { Collectives } from './collectives.ts';
import { ELEMENTWISE, type RooflineScales } from './constants.ts';
import { ExpertExchange } from './expertExchange.ts';
import { Gemm } from './gemm.ts';
import { RoutedExperts } from './moe.ts';
import type { PassCost } from './passCost.ts';
import { type Rates, ratesFor } from './rates.ts';
import type { ReplicaSpec } from './replica.ts';
import { StageLink } from './stageLink.ts';

/**
 * What depends only on how many tokens one rank has in a pass: projections, dense feed-forward, norms, collectives inside
 * the rank, hand-over between pipeline stages and overheads of every layer.
 */
export class RankCost {
  readonly #products: readonly { readonly gemm: Gemm; readonly times: number }[];
  readonly #layers: number;
  readonly #tensorLink: Collectives;
  readonly #stageLink: StageLink;
  readonly #tokenBytes: number;
  readonly #elementwiseLaunchS: number;
  readonly #elementwisePerTokenS: number;
  readonly #overheadS: number;
  /** Whether measured runs have had a say in its products' format, and in how fast its ranks talk. */
  readonly hasFittedFormat: boolean;
  readonly hasFittedLink: boolean;

  constructor(spec: ReplicaSpec, scales: RooflineScales) {
    const { model, hardware } = spec;
    const { tensor, pipeline } = spec.parallelism;
    this.#layers = model.layers;
    this.#products = products(spec, scales);
    this.#tensorLink = new Collectives(hardware, tensor, tensor, scales);
    this.#stageLink = new StageLink(spec);
    this.#tokenBytes = model.hiddenSize * 2;

    const kernels = model.attention.kind === 'mla' ? ELEMENTWISE.kernelsMla : ELEMENTWISE.kernelsGqa;
    const passes = (model.layers * kernels) / ELEMENTWISE.fusion;
    const hbmBytesPerS = hardware.memoryBandwidthTBps.value * 1e12 * ELEMENTWISE.hbmEfficiency;
    this.#elementwiseLaunchS = scales.elementwise * passes * ELEMENTWISE.launchS;
    this.#elementwisePerTokenS =
      (scales.elementwiseBytes * passes * ELEMENTWISE.bytesPerUnit * model.hiddenSize) / hbmBytesPerS;
    this.#overheadS = model.layers * scales.perLayerS + pipeline * scales.perStepS;
    this.hasFittedFormat = isFitted(spec.weightDtype, scales);
    this.hasFittedLink = this.#tensorLink.isFitted && pipeline === 1;
  }

  /** Adds a pass with `tokens` tokens on this rank (need not be whole: an average over ranks). */
  addTo(cost: PassCost, tokens: number): void {
    this.addProducts(cost, tokens);
    this.addCollectives(cost, tokens);
    this.addElementwise(cost, tokens);
    this.addOverhead(cost);
  }

  addProducts(cost: PassCost, tokens: number): void {
    for (const product of this.#products) product.gemm.addTo(cost, tokens, product.times);
  }

  addCollectives(cost: PassCost, tokens: number): void {
    this.#tensorLink.addAllReduce(cost, tokens * this.#tokenBytes, 2 * this.#layers);
    this.#stageLink.addTo(cost, tokens);
  }

  addElementwise(cost: PassCost, tokens: number): void {
    cost.launchS += this.#elementwiseLaunchS;
    cost.hbmS += this.#elementwisePerTokenS * tokens;
  }

  /** Overheads of every layer and pass. */
  addOverhead(cost: PassCost): void {
    cost.launchS += this.#overheadS;
  }
}

/** The routed experts of all layers and the way of tokens to them and back, by the tokens of all attention-DP ranks. */
export class ExpertCost {
  readonly #experts: RoutedExperts | null;
  readonly #layers: number;
  readonly #exchange: ExpertExchange;
  /** Whether measured runs have had a say in its format, and in how fast ranks talk. */
  readonly hasFittedFormat: boolean;
  readonly hasFittedLink: boolean;

  constructor(spec: ReplicaSpec, scales: RooflineScales) {
    const { model, hardware } = spec;
    this.#layers = model.moe === null ? 0 : model.layers - model.moe.firstDenseLayers;
    this.#experts = model.moe === null ? null : new RoutedExperts(spec, ratesFor(hardware, spec.expertDtype), scales);
    this.#exchange = new ExpertExchange(spec, scales);
    this.hasFittedFormat = isFitted(spec.expertDtype, scales);
    this.hasFittedLink = this.#exchange.isFitted;
  }

  addTo(cost: PassCost, groupTokens: number): void {
    this.addExperts(cost, groupTokens);
    this.addExchange(cost, groupTokens);
  }

  addExperts(cost: PassCost, groupTokens: number): void {
    this.#experts?.addTo(cost, groupTokens, this.#layers);
  }

  /** The way of tokens to their experts and back. */
  addExchange(cost: PassCost, groupTokens: number): void {
    if (this.#experts !== null) this.#exchange.addTo(cost, groupTokens, this.#layers);
  }
}

/** Formats of measured runs: those with a scale of their own, and the two that others are held against. */
function isFitted(format: WeightDtype, { formats }: RooflineScales): boolean {
  return format === 'bf16' || format === 'fp8' || formats[format] !== undefined;
}

/** The head runs on the rows that sample a token, in bf16, its vocabulary sharded over tensor ranks. */
export function headProduct(spec: ReplicaSpec, scales: RooflineScales): Gemm {
  const { model, hardware, parallelism } = spec;
  return new Gemm(model.vocabSize / parallelism.tensor, model.hiddenSize, ratesFor(hardware, 'bf16'), scales);
}

function products(spec: ReplicaSpec, scales: RooflineScales) {
  const { model, hardware } = spec;
  const { tensor } = spec.parallelism;
  const { hiddenSize, moe, layers } = model;
  const denseLayers = moe === null ? layers : moe.firstDenseLayers;
  const rates = ratesFor(hardware, spec.weightDtype);
  const list: { gemm: Gemm; times: number }[] = [];
  const add = (outputs: number, inputs: number, times: number, at: Rates = rates) => {
    if (times > 0) list.push({ gemm: new Gemm(outputs, inputs, at, scales), times });
  };
  for (const [outputs, inputs] of attentionProjections(spec)) add(outputs, inputs, attentionLayers(model));
  for (const [outputs, inputs] of linearProjections(spec)) add(outputs, inputs, model.linear?.layers ?? 0);
  add((2 * model.denseSize) / tensor, hiddenSize, denseLayers);
  add(hiddenSize, model.denseSize / tensor, denseLayers);
  if (moe !== null) {
    const moeLayers = layers - denseLayers;
    add(moe.experts, hiddenSize, moeLayers, ratesFor(hardware, 'bf16'));
    if (moe.sharedSize > 0) {
      add((2 * moe.sharedSize) / tensor, hiddenSize, moeLayers);
      add(hiddenSize, moe.sharedSize / tensor, moeLayers);
    }
  }
  return list;
}

/** [outputs, inputs] of one layer's projections on one rank. MLA's down projection is not sharded. */
function attentionProjections(spec: ReplicaSpec): [number, number][] {
  const { model, parallelism } = spec;
  const { tensor } = parallelism;
  const { attention, hiddenSize } = model;
  if (attention.kind === 'gqa') {
    const heads = attention.heads / tensor;
    const kvHeads = Math.max(1, attention.kvHeads / tensor);
    return [
      [((attention.outputGate ? 2 : 1) * heads + 2 * kvHeads) * attention.headDim, hiddenSize],
      [hiddenSize, heads * attention.headDim],
    ];
  }
  const heads = attention.heads / tensor;
  const queries = heads * (attention.nopeHeadDim + attention.ropeHeadDim);
  const cached = attention.kvLoraRank + attention.ropeHeadDim;
  const output: [number, number] = [hiddenSize, heads * attention.vHeadDim];
  if (attention.qLoraRank === null) return [[queries + cached, hiddenSize], output];
  const { indexer, qLoraRank } = attention;
  const down: [number, number] = [qLoraRank + cached, hiddenSize];
  if (indexer === null) return [down, [queries, qLoraRank], output];
  const scored: [number, number][] = [
    [indexer.heads * indexer.headDim, qLoraRank],
    [indexer.headDim + indexer.heads, hiddenSize],
  ];
  return [down, [queries, qLoraRank], ...scored, output];
}

/** The same of a gated DeltaNet layer: queries, keys, values, gate and the heads' two scalars in one product, and out. */
function linearProjections(spec: ReplicaSpec): [number, number][] {
  const { linear, hiddenSize } = spec.model;
  if (linear === null) return [];
  const { tensor } = spec.parallelism;
  const values = (linear.valueHeads * linear.valueHeadDim) / tensor;
  const keys = (2 * linear.keyHeads * linear.keyHeadDim) / tensor;
  return [
    [keys + 2 * values + (2 * linear.valueHeads) / tensor, hiddenSize],
    [hiddenSize, values],
  ];
}
