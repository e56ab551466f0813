import type { ModelFacts } from '../catalog/model.ts';

/**
 * Tokens beyond which a pass costs no more in some layers: the sliding window, or what a sparse indexer lets through; 0 =
 * no such layer. Pass shapes carry their sums cut at it.
 */
export function attentionWindow({ attention }: ModelFacts): number {
  if (attention.kind === 'mla') return attention.indexer?.topK ?? 0;
  return attention.windowedLayers > 0 ? (attention.slidingWindow ?? 0) : 0;
}
