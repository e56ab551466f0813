import { makeSynthetic, type SyntheticOptions } from './synthetic.ts';
import type { Workload } from './workload.ts';

export const PRESET_NAMES = ['chat', 'code', 'rag', 'agent'] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** A page of the usual engines is 16 tokens; longer names cost less memory and share no less inside a session. */
const BLOCK_TOKENS = 64;

/**
 * Workloads to start from when there is no trace. Figures with a source are fitted to it; the rest are assumptions, and
 * marked so: replace them by a trace of one's own before buying anything.
 */
export const PRESETS: Readonly<Record<PresetName, Omit<SyntheticOptions, 'size'>>> = {
  /**
   * Conversations. Output: log-normal with the mean (211 tokens) and log-sigma (0.86) of the Azure LLM inference trace
   * 2023, conversation. New input, turns and system prompts: assumptions that bring the mean prompt, history included,
   * near that trace's 1,155 tokens. Think time: assumption, half a minute to read and type.
   */
  chat: {
    name: 'chat',
    inputTokens: { type: 'lognormal', median: 120, sigma: 1, min: 4, max: 4096 },
    outputTokens: { type: 'lognormal', median: 146, sigma: 0.86, min: 1, max: 1024 },
    sharedPrefix: { groups: 4, tokens: { type: 'uniform', min: 200, max: 600 } },
    sessions: { turns: { type: 'uniform', min: 1, max: 5 }, think: { type: 'exponential', mean: 30 } },
    blockTokens: BLOCK_TOKENS,
  },
  /**
   * Completion in an editor. Medians of 1,500 prompt and 13 output tokens: Azure LLM inference trace 2023, code, as Patel
   * et al. (Splitwise, ISCA 2024, section 3) give them; quoted without the trace at hand. Spreads: assumptions. That trace
   * says nothing about shared content, so none.
   */
  code: {
    name: 'code',
    inputTokens: { type: 'lognormal', median: 1500, sigma: 0.8, min: 16, max: 8192 },
    outputTokens: { type: 'lognormal', median: 13, sigma: 1.1, min: 1, max: 1024 },
    sharedPrefix: null,
    sessions: null,
    blockTokens: BLOCK_TOKENS,
  },
  /**
   * One question over retrieved passages, all assumptions: one system prompt of 512 tokens, about ten passages of 350
   * tokens and the question, an answer of a few sentences. Passages that two questions share come in different order and
   * so share no prefix.
   */
  rag: {
    name: 'rag',
    inputTokens: { type: 'lognormal', median: 3500, sigma: 0.4, min: 512, max: 16384 },
    outputTokens: { type: 'lognormal', median: 200, sigma: 0.6, min: 8, max: 1024 },
    sharedPrefix: { groups: 1, tokens: { type: 'fixed', tokens: 512 } },
    sessions: null,
    blockTokens: BLOCK_TOKENS,
  },
  /**
   * Tool loops of coding agents. New tokens a step (median 870, p90 some 5,000 to 8,000) and output (median 184 to 252,
   * p90 939 to 1,671): University of Washington SyFI TraceLab, token length distribution, 2026. That data's median context
   * of 120,000 tokens comes from sessions of hundreds of steps; here, an assumption, 4 to 12 steps on a system prompt with
   * tool definitions of 8,192 tokens, two kinds of it. Time in a tool: assumption, 5 s.
   */
  agent: {
    name: 'agent',
    inputTokens: { type: 'lognormal', median: 870, sigma: 1.4, min: 16, max: 8192 },
    outputTokens: { type: 'lognormal', median: 220, sigma: 1.3, min: 4, max: 4096 },
    sharedPrefix: { groups: 2, tokens: { type: 'fixed', tokens: 8192 } },
    sessions: { turns: { type: 'uniform', min: 4, max: 12 }, think: { type: 'exponential', mean: 5 } },
    blockTokens: BLOCK_TOKENS,
  },
};

/** A preset of exactly `requests` requests, all first turns at 0: a load says when they arrive. */
export function makePreset(name: PresetName, requests: number, seed: number): Workload {
  return makeSynthetic({ ...PRESETS[name], size: { requests } }, seed);
}
