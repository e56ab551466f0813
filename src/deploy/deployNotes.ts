import type { PredictConfig } from '../config/predictConfig.ts';
import { routerMode } from './dynamoGraph.ts';
import { dynamoRelease } from './images.ts';
import { kubernetesGap } from './kubernetes.ts';
import { launchOf } from './launch.ts';
import { hostTierOf } from './launchVllm.ts';
import { nodesOf, type Server } from './serverPlan.ts';

/** What somebody should know before running the files, as a page. */
export function deployNotes(config: PredictConfig, servers: readonly Server[]): string {
  const [{ engine }] = servers;
  const release = dynamoRelease(engine);
  const title = `# ${config.engine.model} on ${engine.profile.name} ${engine.version}`;
  const pools = servers.map(
    ({ name, pool, gpus, hardware }) => `- \`${name}\`: ${pool.parallelism.replicas} x ${gpus} ${hardware.id}`,
  );
  const warnings = [
    ...(release.engineVersion === engine.version
      ? []
      : [
          `\`dynamo.yaml\` uses Dynamo ${release.version}, which ships ${engine.profile.name} ${release.engineVersion}, not ${engine.version}.`,
        ]),
    ...servers.flatMap((server) => kubernetesGap(server) ?? []),
    ...servers
      .filter((server) => nodesOf(server) > 1)
      .map(
        ({ name }) =>
          `\`launch/${name}.sh\` shows one command: each of its nodes needs the engine's own rank and address flags.`,
      ),
    ...servers
      .filter((server) => server.pool.kv_cache.tiers !== undefined && hostTierOf(server) === null)
      .map(
        ({ name }) =>
          `\`${name}\` is simulated with KV tiers, and its command sets up none: add the connector you use.`,
      ),
    ...routingNotes(config, servers),
    ...standInNotes(servers),
    ...migrationNotes(config),
    'GPU nodes are not selected: add a `nodeSelector` (`nvidia.com/gpu.product`), a volume for the model cache, and the secret `hf-token-secret` (`HF_TOKEN`).',
    'Nothing here was run on a cluster.',
  ];
  const untold = servers.flatMap((server) => launchOf(server).inexpressible);
  const rows = untold.map(({ path, value, reason }) => `| \`${path}\` | \`${JSON.stringify(value)}\` | ${reason} |`);
  return [
    title,
    '',
    ...pools,
    '',
    'Commands are in `launch/`, a Dynamo graph in `dynamo.yaml`, plain Kubernetes objects in `kubernetes.yaml`.',
    '',
    '## Before you run them',
    ...warnings.map((warning) => `- ${warning}`),
    '',
    '## Settings without a flag',
    '| setting | value | why |',
    '|---|---|---|',
    ...new Set(rows),
    '',
  ].join('\n');
}

/** Aggregated servers beside prefill and decode ones. */
function standInNotes(servers: readonly Server[]): string[] {
  const roles = new Set(servers.map(({ role }) => role));
  if (roles.size === 1 || !roles.has('aggregated')) return [];
  return [
    'Aggregated servers are simulated as a reserve, which serves only while no prefill or no decode server is up; a frontend that finds them beside decode servers sends requests to both all the time.',
  ];
}

function migrationNotes({ faults }: PredictConfig): string[] {
  if (faults?.policy !== 'migrate') return [];
  return [
    `Requests of a lost server are simulated to go on elsewhere, which Dynamo does not do unless told: \`--migration-limit ${faults.max_retries}\` of its frontend, in earlier releases of each worker.`,
  ];
}

function routingNotes({ router }: PredictConfig, servers: readonly Server[]): string[] {
  const [{ engine }] = servers;
  const isSplit = servers.some(({ role }) => role !== 'aggregated');
  const several = servers.reduce((sum, { pool }) => sum + pool.parallelism.replicas, 0) > 1;
  if (isSplit && engine.backend === 'vllm') {
    return [
      'Prefill and decode servers of vLLM need a proxy that knows both (`dynamo.yaml` has one, `kubernetes.yaml` has none).',
    ];
  }
  if (!several) return [];
  const twin = routerMode(router.policy);
  const said = twin === null ? 'no policy of Dynamo, which routes round-robin instead' : `Dynamo's \`${twin}\``;
  const mode = `\`router.policy: ${router.policy}\` is ${said}`;
  return [`${mode}; a Kubernetes Service spreads connections at random instead.`];
}
