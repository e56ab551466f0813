import { InputError } from '../base/inputError.ts';

/** What a benchmark tool's own result file says about one closed-loop run. Latencies are means, ms. */
export interface BenchmarkResult {
  readonly concurrency: number;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly ttftMs: number;
  readonly tpotMs: number;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads `vllm bench serve --save-result` (SGLang's bench_serving uses the same keys) and the profile exports of AIPerf and
 * genai-perf. @param concurrency where the file does not tell; @throws InputError naming what is missing.
 */
export function readBenchmark(text: string, file: string, concurrency: number | null): BenchmarkResult {
  const json = parse(text, file);
  const read = new Reader(json, file);
  if ('mean_ttft_ms' in json) return fromServeBench(read, concurrency);
  if ('time_to_first_token' in json) return fromProfileExport(read, concurrency);
  throw new InputError({
    file,
    message: 'is no result of vllm bench serve, AIPerf or genai-perf',
    hint: 'they hold mean_ttft_ms or time_to_first_token',
  });
}

/** One object, or the last of several, one a line (`--append-result`). Python writes Infinity, which JSON has not. */
function parse(text: string, file: string): Json {
  const clean = text.replaceAll(/:\s*(-?Infinity|NaN)/g, ': null').trim();
  for (const candidate of [clean, clean.split('\n').at(-1) ?? '']) {
    try {
      const value: unknown = JSON.parse(candidate);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
    } catch {
      // Not this way.
    }
  }
  throw new InputError({ file, message: 'is not a JSON object' });
}

class Reader {
  readonly #json: Json;
  readonly #file: string;

  constructor(json: Json, file: string) {
    this.#json = json;
    this.#file = file;
  }

  optional(...path: string[]): number | null {
    let value: unknown = this.#json;
    for (const key of path) value = typeof value === 'object' && value !== null ? (value as Json)[key] : undefined;
    return typeof value === 'number' && value > 0 ? value : null;
  }

  number(...path: string[]): number {
    const value = this.optional(...path);
    if (value === null) throw this.error(path.join('.'), 'must be a number above 0');
    return value;
  }

  /** The mean of a metric object, ms. */
  meanMs(metric: string): number {
    const unit = (this.#json[metric] as Json | undefined)?.unit ?? 'ms';
    const factor = { ms: 1, s: 1000, us: 1e-3, ns: 1e-6 }[String(unit)];
    if (factor === undefined) throw this.error(`${metric}.unit`, `"${unit}" is no unit of time known here`);
    return this.number(metric, 'avg') * factor;
  }

  concurrency(given: number | null, ...paths: string[][]): number {
    const found = given ?? paths.map((path) => this.optional(...path)).find((value) => value !== null);
    if (found === undefined) {
      throw new InputError({
        file: this.#file,
        message: 'does not say how many requests ran at once',
        hint: 'give --concurrency',
      });
    }
    return found;
  }

  error(path: string, message: string): InputError {
    return new InputError({ file: this.#file, path, message });
  }
}

function fromServeBench(read: Reader, concurrency: number | null): BenchmarkResult {
  const requests = read.number('completed');
  return {
    concurrency: read.concurrency(concurrency, ['max_concurrency']),
    requests,
    inputTokens: read.number('total_input_tokens') / requests,
    outputTokens: read.number('total_output_tokens') / requests,
    ttftMs: read.number('mean_ttft_ms'),
    tpotMs: read.number('mean_tpot_ms'),
  };
}

/** Both tools call the per-request mean of gaps inter-token latency, which is TPOT. */
function fromProfileExport(read: Reader, concurrency: number | null): BenchmarkResult {
  return {
    concurrency: read.concurrency(
      concurrency,
      ['input_config', 'loadgen', 'concurrency'],
      ['input_config', 'perf_analyzer', 'stimulus', 'concurrency'],
    ),
    requests: read.number('request_count', 'avg'),
    inputTokens: read.number('input_sequence_length', 'avg'),
    outputTokens: read.number('output_sequence_length', 'avg'),
    ttftMs: read.meanMs('time_to_first_token'),
    tpotMs: read.meanMs('inter_token_latency'),
  };
}
