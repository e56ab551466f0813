import type { InputIssue } from '../base/inputError.ts';
import type { Backend } from '../catalog/engineProfile.ts';
import { versionOfImage } from './knobWords.ts';
import type { ShellCommand } from './shellWords.ts';

/** A command that starts an engine. */
export interface LaunchCommand {
  readonly backend: Backend;
  /** As one may name it in a message: `vllm serve`. */
  readonly entry: string;
  /** Flags and positional words after the entry point. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** From the tag of a container image. */
  readonly version: string | null;
  /** What of it cannot be known without running it. */
  readonly unknown: readonly InputIssue[];
}

interface Entry {
  readonly backend: Backend;
  readonly words: readonly (string | RegExp)[];
}

const ENTRIES: readonly Entry[] = [
  { backend: 'vllm', words: [/(^|\/)vllm$/, 'serve'] },
  { backend: 'vllm', words: ['-m', /^vllm\.entrypoints\.openai\.api_server$/] },
  { backend: 'vllm', words: ['-m', 'vllm.entrypoints.cli.main', 'serve'] },
  { backend: 'vllm', words: ['-m', 'dynamo.vllm'] },
  { backend: 'sglang', words: ['-m', 'sglang.launch_server'] },
  { backend: 'sglang', words: [/(^|\/)sglang$/, 'serve'] },
  { backend: 'sglang', words: ['-m', 'dynamo.sglang'] },
  { backend: 'trtllm', words: [/(^|\/)trtllm-serve$/, 'serve'] },
  { backend: 'trtllm', words: [/(^|\/)trtllm-serve$/] },
  { backend: 'trtllm', words: ['-m', 'tensorrt_llm.commands.serve', 'serve'] },
  { backend: 'trtllm', words: ['-m', 'dynamo.trtllm'] },
  // The image's own entry point is the server.
  { backend: 'vllm', words: [/(^|\/)vllm-openai(:|@|$)/] },
];

/** The engine that a command starts, whatever wraps it (env, docker run, mpirun, nohup); null when it starts none. */
export function findLaunch({ environment, words, unknown }: ShellCommand): LaunchCommand | null {
  for (const entry of ENTRIES) {
    const at = words.findIndex((_, start) => matches(words, start, entry));
    if (at < 0) continue;
    const end = at + entry.words.length;
    const before = words.slice(0, at);
    const image = [...before, words[at]].map(versionOfImage).find((version) => version !== null) ?? null;
    return {
      backend: entry.backend,
      entry: words.slice(at, end).join(' '),
      words: words.slice(end),
      environment: { ...environment, ...assignmentsIn(before) },
      version: image,
      unknown,
    };
  }
  return null;
}

function matches(words: readonly string[], start: number, entry: Entry): boolean {
  return entry.words.every((pattern, index) => {
    const word = words[start + index];
    if (word === undefined) return false;
    return typeof pattern === 'string' ? pattern === word : pattern.test(word);
  });
}

/** `env A=1`, `docker run -e A=1`. */
function assignmentsIn(words: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const word of words) {
    const match = /^(?:--env=)?([A-Z][A-Z0-9_]*)=(.*)$/s.exec(word);
    if (match !== null) found[match[1]] = match[2];
  }
  return found;
}
