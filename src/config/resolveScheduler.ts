import { settingOf } from '../catalog/engineProfile.ts';
import type { HardwareFacts } from '../catalog/hardware.ts';
import { type EngineAt, memoryClassOf } from './engineAt.ts';
import { SCHEDULER_KNOBS } from './knobs/schedulerKnobs.ts';
import { engineFlag } from './knobs.ts';
import type { Path } from './paths.ts';
import type { SchedulerConfig, SpeculationConfig } from './predictConfig.ts';
import type { WorkerInput } from './predictSchema.ts';
import type { Problems } from './problems.ts';

type Given = NonNullable<WorkerInput['scheduler']>;
type Limits = Pick<SchedulerConfig, 'max_batched_tokens' | 'max_sequences'>;

export interface SchedulerContext {
  readonly engine: EngineAt;
  readonly hardware: HardwareFacts;
  /** Longest prompt plus output. */
  readonly contextTokens: number;
  readonly attentionDataRanks: number;
  readonly pipelineStages: number;
  readonly blockTokens: number;
  readonly speculation: SpeculationConfig | null;
  /** Of the worker. */
  readonly path: Path;
  readonly problems: Problems;
}

const LIMITS = ['max_batched_tokens', 'max_sequences'];

/** Every scheduler knob the engine has, with its version's default where nothing is given. */
export function resolveScheduler(given: Given, context: SchedulerContext): SchedulerConfig {
  const { engine } = context;
  const settings = { ...defaults(engine), ...given } as Partial<SchedulerConfig>;
  const chunked = settings.chunked_prefill === true;
  const limits = LIMITS_OF[engine.backend](given, chunked, settings, context);
  const resolved = { ...limits, ...settings, ...limits, async: resolveAsync(given, settings.async === true, context) };
  check(resolved as SchedulerConfig, context);
  return Object.fromEntries(
    SCHEDULER_KNOBS.filter((knob) => engineFlag(knob, engine.backend, engine.version) !== undefined)
      .map(({ path }) => path.slice(path.lastIndexOf('.') + 1))
      .map((key) => [key, resolved[key as keyof typeof resolved]]),
  ) as unknown as SchedulerConfig;
}

/** What the version's profile says of the knobs it has. */
function defaults({ backend, version, profile }: EngineAt): Partial<SchedulerConfig> {
  const found: [string, unknown][] = [];
  for (const knob of SCHEDULER_KNOBS) {
    const key = knob.path.slice(knob.path.lastIndexOf('.') + 1);
    if (LIMITS.includes(key) || engineFlag(knob, backend, version) === undefined) continue;
    found.push([key, settingOf(profile, `scheduler.${key}`)]);
  }
  return Object.fromEntries(found) as Partial<SchedulerConfig>;
}

type LimitsOf = (given: Given, chunked: boolean, all: Partial<SchedulerConfig>, context: SchedulerContext) => Limits;

const LIMITS_OF: Readonly<Record<EngineAt['backend'], LimitsOf>> = {
  vllm: vllmLimits,
  sglang: sglangLimits,
  trtllm: (given, _chunked, _all, { engine, hardware }) => {
    const { max_batched_tokens, max_sequences = null } = memoryClassOf(engine.profile, hardware);
    return {
      max_batched_tokens: given.max_batched_tokens ?? max_batched_tokens,
      max_sequences: given.max_sequences ?? max_sequences,
    };
  },
};

/**
 * What `vllm serve` sets for what was left out (vLLM 017e9f4, engine/arg_utils.py): by GPU memory, then without chunked
 * prefill no fewer tokens than the context, no more tokens than all sequences could need, no more sequences than tokens.
 */
function vllmLimits(
  given: Given,
  chunked: boolean,
  _all: Partial<SchedulerConfig>,
  { engine, hardware, contextTokens }: SchedulerContext,
): Limits {
  const byMemory = memoryClassOf(engine.profile, hardware);
  let sequences = given.max_sequences ?? byMemory.max_sequences!;
  let tokens = given.max_batched_tokens ?? byMemory.max_batched_tokens;
  if (given.max_batched_tokens === undefined) {
    if (!chunked) tokens = Math.max(tokens, contextTokens);
    tokens = Math.max(1, Math.min(tokens, sequences * contextTokens));
  }
  if (given.max_sequences == null) sequences = Math.min(sequences, tokens);
  return { max_batched_tokens: tokens, max_sequences: sequences };
}

/** `max_running_requests` of all ranks that SGLang sets itself with any kind of speculation (5c8bd8b51, srt/server_args.py). */
const SPECULATING_REQUESTS = 48;

/**
 * What `sglang.launch_server` sets (SGLang 5c8bd8b51, srt/server_args.py): the chunk by GPU memory, shared by the
 * attention-DP ranks, in whole pages; without chunks a prefill pass is bounded by max_prefill_tokens alone. How many requests may run
 * follows from the cache, or with speculation is a number of its own.
 */
function sglangLimits(
  given: Given,
  chunked: boolean,
  all: Partial<SchedulerConfig>,
  { engine, hardware, attentionDataRanks, blockTokens, speculation }: SchedulerContext,
): Limits {
  const speculating = Math.max(1, Math.floor(SPECULATING_REQUESTS / attentionDataRanks));
  const share = Math.floor(memoryClassOf(engine.profile, hardware).max_batched_tokens / attentionDataRanks);
  const chunk = Math.max(blockTokens, Math.floor(share / blockTokens) * blockTokens);
  return {
    max_batched_tokens: given.max_batched_tokens ?? (chunked ? chunk : all.max_prefill_tokens!),
    max_sequences: given.max_sequences ?? (speculation === null ? null : speculating),
  };
}

/**
 * Drafts that the engine cannot have in flight switch asynchronous scheduling off, as SGLang's pipeline stages do;
 * TensorRT-LLM's prefill workers run without it (examples/disaggregated at 1.2).
 */
function resolveAsync(given: Given, initial: boolean, context: SchedulerContext): boolean {
  const { engine, speculation, path, problems } = context;
  if (engine.backend === 'trtllm' && path.includes('prefill')) {
    if (given.async === true)
      problems.add([...path, 'scheduler', 'async'], 'must be off in prefill workers of TensorRT-LLM');
    return false;
  }
  if (engine.backend === 'sglang' && context.pipelineStages > 1) {
    if (given.async === true)
      problems.add([...path, 'scheduler', 'async'], 'SGLang cannot overlap passes with pipeline stages');
    return false;
  }
  const overlaps = settingOf<readonly string[]>(engine.profile, 'speculation.overlaps');
  if (speculation === null || overlaps.includes(speculation.method)) return initial;
  if (given.async === true) {
    const name = `${engine.profile.name} ${engine.version}`;
    problems.add([...path, 'scheduler', 'async'], `${name} cannot overlap passes with ${speculation.method} drafts`);
  }
  return false;
}

/** What the engines themselves refuse to start with. */
function check(scheduler: SchedulerConfig, context: SchedulerContext) {
  const { engine, contextTokens, blockTokens, path, problems } = context;
  const { max_batched_tokens: tokens, max_sequences: sequences, chunked_prefill: chunked } = scheduler;
  const at = (key: string): Path => [...path, 'scheduler', key];
  if (engine.backend === 'vllm') {
    if (sequences !== null && sequences > tokens) {
      problems.add(at('max_sequences'), `must not exceed max_batched_tokens (${tokens}), got ${sequences}`);
    }
    if (!chunked && tokens < contextTokens) {
      problems.add(
        at('max_batched_tokens'),
        `must be at least the context length (${contextTokens}) without chunked prefill, got ${tokens}`,
      );
    }
  }
  if (engine.backend === 'sglang') {
    checkSglangPasses(scheduler, context);
    if (chunked && tokens % blockTokens !== 0) {
      problems.add(at('max_batched_tokens'), `must be a multiple of the page of ${blockTokens} tokens, got ${tokens}`);
    }
    if (!chunked && tokens !== scheduler.max_prefill_tokens) {
      problems.add(
        at('max_batched_tokens'),
        `without chunked prefill it is max_prefill_tokens (${scheduler.max_prefill_tokens}), got ${tokens}`,
      );
    }
  }
}

/**
 * SGLang has neither mixed chunks with drafts or pipeline stages, nor drafts with stages, and with DP attention only drafts of the
 * model's own kind (5c8bd8b51, srt/server_args.py).
 */
function checkSglangPasses(scheduler: SchedulerConfig, context: SchedulerContext): void {
  const { speculation, attentionDataRanks, pipelineStages, path, problems } = context;
  if (scheduler.mixed_batches === true && (speculation !== null || pipelineStages > 1)) {
    const beside = speculation === null ? 'pipeline stages' : 'speculation';
    problems.add([...path, 'scheduler', 'mixed_batches'], `SGLang does not mix with ${beside}`, 'leave it off');
  }
  if (speculation === null) return;
  if (pipelineStages > 1) problems.add([...path, 'speculation'], 'SGLang has no drafts with pipeline stages');
  if (attentionDataRanks > 1 && (speculation.method === 'ngram' || speculation.method === 'draft_model'))
    problems.add([...path, 'speculation', 'method'], `SGLang has no ${speculation.method} drafts with DP attention`);
}
