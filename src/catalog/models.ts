import { closest } from '../base/closest.ts';
import { InputError } from '../base/inputError.ts';
import { modelFromHuggingFaceConfig } from './huggingFace.ts';
import type { ModelFacts } from './model.ts';
import deepseekV3 from './models/deepseek-v3.json' with { type: 'json' };
import glm5 from './models/glm-5.json' with { type: 'json' };
import gptOss120b from './models/gpt-oss-120b.json' with { type: 'json' };
import kimiK25 from './models/kimi-k2.5.json' with { type: 'json' };
import llama31x8b from './models/llama-3.1-8b.json' with { type: 'json' };
import llama31x70b from './models/llama-3.1-70b.json' with { type: 'json' };
import minimaxM25 from './models/minimax-m2.5.json' with { type: 'json' };
import mixtral8x7b from './models/mixtral-8x7b.json' with { type: 'json' };
import qwen35x397b from './models/qwen3.5-397b-a17b.json' with { type: 'json' };
import qwen3x8b from './models/qwen3-8b.json' with { type: 'json' };
import qwen3x30b from './models/qwen3-30b-a3b.json' with { type: 'json' };
import qwen3x32b from './models/qwen3-32b.json' with { type: 'json' };
import qwen3x235b from './models/qwen3-235b-a22b.json' with { type: 'json' };

/** One file of `models/`: the published config.json (keys that matter here) and what surrounds it. */
interface ModelFile {
  readonly id: string;
  /** Checkpoints of the same shape; `config` holds the keys in which theirs differs. */
  readonly variants: readonly { readonly id: string; readonly config?: Readonly<Record<string, unknown>> }[];
  readonly published_parameters: number | null;
  readonly sources: Readonly<Record<string, string>>;
  readonly config: Readonly<Record<string, unknown>>;
}

const FILES: readonly ModelFile[] = [
  llama31x8b,
  llama31x70b,
  qwen3x8b,
  qwen3x32b,
  qwen3x30b,
  qwen3x235b,
  gptOss120b,
  deepseekV3,
  mixtral8x7b,
  minimaxM25,
  kimiK25,
  qwen35x397b,
  glm5,
];

const MODELS: readonly ModelFacts[] = FILES.flatMap(readModelFile);

function readModelFile(file: ModelFile): ModelFacts[] {
  return [{ id: file.id }, ...file.variants].map((variant) => {
    const own = 'config' in variant ? variant.config : {};
    const facts = modelFromHuggingFaceConfig({ ...file.config, ...own }, variant.id);
    const ownSources = Object.keys(own).map((key) => [key, `${variant.id} config.json`]);
    const sources = { ...file.sources, ...Object.fromEntries(ownSources) };
    return { ...facts, publishedParameters: file.published_parameters, sources };
  });
}

/** Every model of the catalog, each checkpoint under its own id. */
export function listModels(): readonly ModelFacts[] {
  return MODELS;
}

/**
 * The catalog's model of that Hugging Face id, case ignored; the owner may be left out (`Llama-3.1-70B`).
 * @throws InputError without file and path (the caller knows them), with a guess at what was meant.
 */
export function findModel(id: string): ModelFacts {
  const wanted = id.toLowerCase();
  const nameOf = (model: ModelFacts) => (wanted.includes('/') ? model.id : nameWithoutOwner(model.id)).toLowerCase();
  const found = MODELS.find((model) => nameOf(model) === wanted);
  if (found !== undefined) return found;
  throw new InputError({ message: `no model "${id}" in the catalog`, hint: modelHint(id) });
}

function nameWithoutOwner(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}

/** Compares names without their owners, or a shared owner would make every model of that owner look near. */
function modelHint(id: string): string {
  const name = closest(
    nameWithoutOwner(id),
    MODELS.map((model) => nameWithoutOwner(model.id)),
  );
  const guess = MODELS.find((model) => nameWithoutOwner(model.id) === name);
  const ownFile = 'give the path of its Hugging Face config.json';
  return guess === undefined ? ownFile : `did you mean "${guess.id}"? Or ${ownFile}`;
}
