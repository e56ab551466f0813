import { closest } from '../base/closest.ts';
import { InputError } from '../base/inputError.ts';
import { modelFromHuggingFaceConfig } from './huggingFace.ts';
import type { ModelFacts } from './model.ts';
import deepseekV32 from './models/deepseek-v3.2.json' with { type: 'json' };
import deepseekV3 from './models/deepseek-v3.json' with { type: 'json' };
import gemma3x27b from './models/gemma-3-27b.json' with { type: 'json' };
import glm45 from './models/glm-4.5.json' with { type: 'json' };
import glm45Air from './models/glm-4.5-air.json' with { type: 'json' };
import glm5 from './models/glm-5.json' with { type: 'json' };
import gptOss20b from './models/gpt-oss-20b.json' with { type: 'json' };
import gptOss120b from './models/gpt-oss-120b.json' with { type: 'json' };
import kimiK25 from './models/kimi-k2.5.json' with { type: 'json' };
import kimiK2 from './models/kimi-k2.json' with { type: 'json' };
import llama31x8b from './models/llama-3.1-8b.json' with { type: 'json' };
import llama31x70b from './models/llama-3.1-70b.json' with { type: 'json' };
import llama31x405b from './models/llama-3.1-405b.json' with { type: 'json' };
import minimaxM25 from './models/minimax-m2.5.json' with { type: 'json' };
import mistralLarge from './models/mistral-large.json' with { type: 'json' };
import mistralSmall from './models/mistral-small-24b.json' with { type: 'json' };
import mixtral8x7b from './models/mixtral-8x7b.json' with { type: 'json' };
import mixtral8x22b from './models/mixtral-8x22b.json' with { type: 'json' };
import phi4 from './models/phi-4.json' with { type: 'json' };
import qwen25x7b from './models/qwen2.5-7b.json' with { type: 'json' };
import qwen25x32b from './models/qwen2.5-32b.json' with { type: 'json' };
import qwen25x72b from './models/qwen2.5-72b.json' with { type: 'json' };
import qwen35x27b from './models/qwen3.5-27b.json' with { type: 'json' };
import qwen35x35b from './models/qwen3.5-35b-a3b.json' with { type: 'json' };
import qwen35x122b from './models/qwen3.5-122b-a10b.json' with { type: 'json' };
import qwen35x397b from './models/qwen3.5-397b-a17b.json' with { type: 'json' };
import qwen3x06b from './models/qwen3-0.6b.json' with { type: 'json' };
import qwen3x17b from './models/qwen3-1.7b.json' with { type: 'json' };
import qwen3x4b from './models/qwen3-4b.json' with { type: 'json' };
import qwen3x8b from './models/qwen3-8b.json' with { type: 'json' };
import qwen3x14b from './models/qwen3-14b.json' with { type: 'json' };
import qwen3x30b from './models/qwen3-30b-a3b.json' with { type: 'json' };
import qwen3x32b from './models/qwen3-32b.json' with { type: 'json' };
import qwen3x235b from './models/qwen3-235b-a22b.json' with { type: 'json' };
import qwen3Coder from './models/qwen3-coder-480b-a35b.json' with { type: 'json' };
import qwen3Next from './models/qwen3-next-80b-a3b.json' with { type: 'json' };

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
  llama31x405b,
  qwen25x7b,
  qwen25x32b,
  qwen25x72b,
  qwen3x06b,
  qwen3x17b,
  qwen3x4b,
  qwen3x8b,
  qwen3x14b,
  qwen3x32b,
  qwen3x30b,
  qwen3x235b,
  qwen3Coder,
  qwen3Next,
  qwen35x27b,
  qwen35x35b,
  qwen35x122b,
  qwen35x397b,
  gptOss20b,
  gptOss120b,
  deepseekV3,
  deepseekV32,
  kimiK2,
  kimiK25,
  glm45,
  glm45Air,
  glm5,
  minimaxM25,
  mixtral8x7b,
  mixtral8x22b,
  mistralSmall,
  mistralLarge,
  phi4,
  gemma3x27b,
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
