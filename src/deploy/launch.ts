import { launchSglang } from './launchSglang.ts';
import { launchTrtllm } from './launchTrtllm.ts';
import { launchVllm } from './launchVllm.ts';
import type { Launch, Server } from './serverPlan.ts';
import { shellQuote } from './shellWords.ts';

/** How the server's engine is started. */
export function launchOf(server: Server): Launch {
  const { backend } = server.engine;
  if (backend === 'vllm') return launchVllm(server);
  return backend === 'sglang' ? launchSglang(server) : launchTrtllm(server);
}

/** The command as words. @param optionsFile where TensorRT-LLM finds its options. */
export function commandWords({ entry, flags, options }: Launch, optionsFile: string): string[] {
  const file = options === null ? [] : ['--extra_llm_api_options', optionsFile];
  return [...entry, ...flags.flat(), ...file];
}

/** The command as a shell reads it, one flag a line. */
export function commandText(launch: Launch, optionsFile: string): string {
  const file = launch.options === null ? [] : [['--extra_llm_api_options', optionsFile]];
  const lines = [launch.entry, ...launch.flags, ...file].map((words) => words.map(shellQuote).join(' '));
  return lines.join(' \\\n  ');
}
