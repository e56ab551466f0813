import type { Backend } from '../catalog/engineProfile.ts';
import { compareVersions, isSince, parseVersion } from '../catalog/engineVersion.ts';
import type { EngineAt } from '../config/engineAt.ts';

/** What a Dynamo release ships (AIConfigurator 095f58a, support matrix), newest first. */
const DYNAMO_RELEASES: readonly (Readonly<Record<Backend, string>> & { readonly dynamo: string })[] = [
  { dynamo: '1.3.0', vllm: '0.24.0', sglang: '0.5.16', trtllm: '1.3.0rc23' },
  { dynamo: '1.2.0', vllm: '0.20.1', sglang: '0.5.11', trtllm: '1.3.0rc14' },
  { dynamo: '1.1.0', vllm: '0.19.0', sglang: '0.5.10.post1', trtllm: '1.3.0rc11' },
  { dynamo: '1.0.0', vllm: '0.16.0', sglang: '0.5.9', trtllm: '1.3.0rc5.post1' },
  { dynamo: '0.9.0', vllm: '0.14.1', sglang: '0.5.8', trtllm: '1.3.0rc1' },
  { dynamo: '0.8.0', vllm: '0.12.0', sglang: '0.5.6.post2', trtllm: '1.2.0rc6.post1' },
  { dynamo: '0.7.0', vllm: '0.11.0', sglang: '0.5.4.post3', trtllm: '1.2.0rc3' },
];

export interface DynamoRelease {
  readonly version: string;
  /** Of the engine it ships. */
  readonly engineVersion: string;
  /** Resources of `nvidia.com/v1beta1` are served from 1.3 on. */
  readonly beta: boolean;
}

/** The newest release with that engine or an older one; the oldest where all are newer. */
export function dynamoRelease({ backend, version }: EngineAt): DynamoRelease {
  const wanted = parseVersion(version)!;
  const isOlder = (release: (typeof DYNAMO_RELEASES)[number]): boolean =>
    compareVersions(parseVersion(release[backend])!, wanted) <= 0;
  const release = DYNAMO_RELEASES.find(isOlder) ?? DYNAMO_RELEASES.at(-1)!;
  return { version: release.dynamo, engineVersion: release[backend], beta: isSince(release.dynamo, '1.3.0') };
}

const DYNAMO_RUNTIMES: Readonly<Record<Backend, string>> = {
  vllm: 'vllm-runtime',
  sglang: 'sglang-runtime',
  trtllm: 'tensorrtllm-runtime',
};

export function dynamoImage(backend: Backend, release: DynamoRelease): string {
  return `nvcr.io/nvidia/ai-dynamo/${DYNAMO_RUNTIMES[backend]}:${release.version}`;
}

/** The engine's own image. */
export function engineImage({ backend, version }: EngineAt): string {
  const bare = version.replace(/^v/, '');
  if (backend === 'vllm') return `vllm/vllm-openai:v${bare}`;
  return backend === 'sglang' ? `lmsysorg/sglang:v${bare}` : `nvcr.io/nvidia/tensorrt-llm/release:${bare}`;
}
