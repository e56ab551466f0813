/**
 * A DynamoGraphDeployment of a configuration: `nvidia.com/v1beta1` (components) from Dynamo 1.3 on, `v1alpha1` (services)
 * before (ai-dynamo/dynamo examples/backends, stamped 1.3.0).
 */
import { isSince } from '../catalog/engineVersion.ts';
import type { RouterPolicy } from '../cluster/router/routerSpec.ts';
import { withValue } from '../config/paths.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { type DynamoRelease, dynamoImage, dynamoRelease } from './images.ts';
import { launchOf } from './launch.ts';
import { gpusPerNode, nodesOf, objectName, type Server } from './serverPlan.ts';

type Yaml = Readonly<Record<string, unknown>>;

/** Frontend's `--router-mode`, by its environment twin; null where Dynamo has no such policy. */
const ROUTER_MODES: Readonly<Record<RouterPolicy, string | null>> = {
  round_robin: 'round-robin',
  random: 'random',
  least_loaded: 'least-loaded',
  power_of_two: 'power-of-two',
  least_tokens: null,
  prefix_aware: 'kv',
  kv_router: 'kv',
};

export function routerMode(policy: RouterPolicy): string | null {
  return ROUTER_MODES[policy];
}

/** The documents of a file, engine options as ConfigMaps first. */
export function dynamoGraph(config: PredictConfig, servers: readonly Server[]): Yaml[] {
  const release = dynamoRelease(servers[0].engine);
  const name = graphName(config);
  const parts = [frontend(config, servers[0], release), ...servers.map((server) => workerPart(server, release))];
  const graph = release.beta ? betaGraph(name, config, parts) : alphaGraph(name, config, parts);
  return [...servers.flatMap((server) => optionsMap(server)), graph];
}

export function graphName(config: PredictConfig): string {
  return objectName(config.engine.model.split('/').at(-1)!);
}

/** What both versions of the resource say, in their own words. */
interface Part {
  readonly name: string;
  readonly type: 'frontend' | 'worker' | 'prefill' | 'decode';
  readonly replicas: number;
  readonly image: string;
  readonly command: readonly string[] | null;
  readonly args: readonly string[] | null;
  readonly env: readonly Yaml[];
  /** Of one pod. */
  readonly gpus: number;
  readonly nodes: number;
  /** ConfigMap with the engine's options. */
  readonly options: string | null;
}

const SECRET = 'hf-token-secret';
const OPTIONS_FOLDER = '/etc/engine';
const OPTIONS_FILE = 'options.yaml';
const SHARED_MEMORY = '64Gi';

function frontend({ router }: PredictConfig, { engine }: Server, release: DynamoRelease): Part {
  const env = [{ name: 'DYN_ROUTER_MODE', value: routerMode(router.policy) ?? 'round-robin' }];
  const image = dynamoImage(engine.backend, release);
  return {
    name: 'Frontend',
    type: 'frontend',
    replicas: 1,
    image,
    command: null,
    args: null,
    env,
    gpus: 0,
    nodes: 1,
    options: null,
  };
}

function workerPart(server: Server, release: DynamoRelease): Part {
  const { engine, role, pool, config } = server;
  const launch = launchOf(server);
  const byItself = (flag: string): boolean => ['--host', '--disaggregation-mode', '--enable-metrics'].includes(flag);
  const flags = launch.flags.filter(([flag]) => !byItself(flag) || (flag === '--host' && engine.backend === 'sglang'));
  const model = engine.backend === 'sglang' ? '--model-path' : '--model';
  return {
    name: componentName(server),
    type: role === 'aggregated' ? 'worker' : role,
    replicas: pool.parallelism.replicas,
    image: dynamoImage(engine.backend, release),
    command: ['python3', '-m', `dynamo.${engine.backend}`],
    args: [
      ...[model, config.engine.model],
      ...flags.flat(),
      ...roleFlags(server, release),
      ...(launch.options === null ? [] : ['--extra-engine-args', `${OPTIONS_FOLDER}/${OPTIONS_FILE}`]),
      ...(publishes(server) ? eventFlags(server) : []),
    ],
    env: [],
    gpus: Math.min(server.gpus, gpusPerNode(server.hardware)),
    nodes: nodesOf(server),
    options: launch.options === null ? null : optionsName(server),
  };
}

/** Dynamo's vLLM worker has the mode since 1.0. */
function roleFlags({ role, engine }: Server, release: DynamoRelease): string[] {
  if (role === 'aggregated') return [];
  if (engine.backend !== 'vllm' || isSince(release.version, '1.0.0')) return ['--disaggregation-mode', role];
  return role === 'prefill' ? ['--is-prefill-worker'] : [];
}

/** Only workers that prefill tell a router what they cache. */
function publishes({ config, role }: Server): boolean {
  return routerMode(config.router.policy) === 'kv' && role !== 'decode';
}

function eventFlags({ engine }: Server): string[] {
  if (engine.backend === 'trtllm') return ['--publish-kv-events'];
  const endpoint = { publisher: 'zmq', topic: 'kv-events', endpoint: 'tcp://*:20080' };
  const told = engine.backend === 'vllm' ? { ...endpoint, enable_kv_cache_events: true } : endpoint;
  return ['--kv-events-config', JSON.stringify(told)];
}

function componentName({ name, role }: Server): string {
  const words = name === role ? [role, 'worker'] : name.split('-');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function optionsName(server: Server): string {
  return `${graphName(server.config)}-${server.name}-options`;
}

/** Key of TensorRT-LLM's options, and events it keeps for the router. */
const EVENTS = ['kv_cache_config', 'event_buffer_max_size'];
const EVENT_BUFFER = 1024;

function optionsMap(server: Server): Yaml[] {
  const launched = launchOf(server).options;
  if (launched === null) return [];
  const options = publishes(server) ? withValue(launched, EVENTS, EVENT_BUFFER, 'events') : launched;
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: optionsName(server) }, data: { [OPTIONS_FILE]: options } },
  ];
}

/** Where a pod finds its engine's options. */
function volumesOf({ options }: Part): { readonly volumes?: Yaml[]; readonly volumeMounts?: Yaml[] } {
  if (options === null) return {};
  return {
    volumes: [{ name: 'engine-options', configMap: { name: options } }],
    volumeMounts: [{ name: 'engine-options', mountPath: OPTIONS_FOLDER }],
  };
}

function containerOf({ image, command, args, env }: Part): Yaml {
  return {
    image,
    ...(command === null ? {} : { command }),
    ...(args === null ? {} : { args }),
    ...(env.length === 0 ? {} : { env }),
  };
}

function betaGraph(name: string, config: PredictConfig, parts: readonly Part[]): Yaml {
  return {
    apiVersion: 'nvidia.com/v1beta1',
    kind: 'DynamoGraphDeployment',
    metadata: { name },
    spec: { backendFramework: config.engine.backend, components: parts.map(betaComponent) },
  };
}

function betaComponent(part: Part): Yaml {
  const { volumes, volumeMounts } = volumesOf(part);
  const main = {
    name: 'main',
    ...containerOf(part),
    ...(part.gpus === 0
      ? {}
      : { envFrom: [{ secretRef: { name: SECRET } }], resources: { limits: { 'nvidia.com/gpu': String(part.gpus) } } }),
    ...(volumeMounts === undefined ? {} : { volumeMounts }),
  };
  return {
    name: part.name,
    type: part.type,
    replicas: part.replicas,
    ...(part.gpus > 1 ? { sharedMemorySize: SHARED_MEMORY } : {}),
    ...(part.nodes > 1 ? { multinode: { nodeCount: part.nodes } } : {}),
    podTemplate: { spec: { containers: [main], ...(volumes === undefined ? {} : { volumes }) } },
  };
}

function alphaGraph(name: string, config: PredictConfig, parts: readonly Part[]): Yaml {
  return {
    apiVersion: 'nvidia.com/v1alpha1',
    kind: 'DynamoGraphDeployment',
    metadata: { name },
    spec: {
      backendFramework: config.engine.backend,
      services: Object.fromEntries(parts.map((part) => [part.name, alphaService(part)])),
    },
  };
}

function alphaService(part: Part): Yaml {
  const { volumes, volumeMounts } = volumesOf(part);
  const { env, ...rest } = part;
  const main = { ...containerOf({ ...rest, env: [] }), ...(volumeMounts === undefined ? {} : { volumeMounts }) };
  const isRole = part.type === 'prefill' || part.type === 'decode';
  return {
    componentType: part.type === 'frontend' ? 'frontend' : 'worker',
    ...(isRole ? { subComponentType: part.type } : {}),
    replicas: part.replicas,
    ...(env.length === 0 ? {} : { envs: env }),
    ...(part.gpus === 0 ? {} : { envFromSecret: SECRET, resources: { limits: { gpu: String(part.gpus) } } }),
    ...(part.gpus > 1 ? { sharedMemory: { size: SHARED_MEMORY } } : {}),
    ...(part.nodes > 1 ? { multinode: { nodeCount: part.nodes } } : {}),
    extraPodSpec: { mainContainer: main, ...(volumes === undefined ? {} : { volumes }) },
  };
}
