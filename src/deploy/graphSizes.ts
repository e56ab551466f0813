import type { Backend } from '../catalog/engineProfile.ts';
import { capturedSizes } from '../timing/hostProfile.ts';

/** Sizes an engine captures by itself up to `largest`. */
export function graphSizes(backend: Backend, largest: number): number[] {
  const recipe = {
    backend,
    overlap: true,
    maxDecodeGraph: largest,
    maxSequences: largest,
    decodeGraphs: null,
    prefillGraphTokens: null,
  };
  return [...capturedSizes(recipe)];
}
