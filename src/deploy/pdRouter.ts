import { toYaml } from '../config/writeYaml.ts';
import type { Server } from './serverPlan.ts';
import { shellQuote } from './shellWords.ts';

/** The process that hands prompts to prefill servers and the rest to decode servers, where the engine brings one: files by name. */
export function disaggregatedRouter(servers: readonly Server[]): Map<string, string> {
  const files = new Map<string, string>();
  if (servers[0].role === 'aggregated') return files;
  const { backend } = servers[0].engine;
  const hosts = (role: string, port: number): string[] =>
    servers
      .filter((server) => server.role === role)
      .flatMap(({ name, pool }) =>
        Array.from({ length: pool.parallelism.replicas }, (_, index) => `${name}-${index}:${port}`),
      );
  if (backend === 'sglang') {
    const lines = [
      'python3 -m sglang_router.launch_router --pd-disaggregation',
      ...hosts('prefill', 30_000).map((host) => `--prefill ${shellQuote(`http://${host}`)}`),
      ...hosts('decode', 30_000).map((host) => `--decode ${shellQuote(`http://${host}`)}`),
      '--host 0.0.0.0',
    ];
    files.set(
      'router.sh',
      `#!/bin/sh\n# Host names are placeholders: one for each server.\n${lines.join(' \\\n  ')}\n`,
    );
  }
  if (backend === 'trtllm') {
    const side = (urls: readonly string[]) => ({ num_instances: urls.length, urls });
    const router = {
      hostname: '0.0.0.0',
      port: 8000,
      backend: 'pytorch',
      context_servers: side(hosts('prefill', 8000)),
      generation_servers: side(hosts('decode', 8000)),
    };
    files.set(
      'disaggregated.yaml',
      `# trtllm-serve disaggregated -c disaggregated.yaml; host names are placeholders.\n${toYaml(router)}`,
    );
  }
  return files;
}
