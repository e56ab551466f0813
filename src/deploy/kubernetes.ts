/** Plain Kubernetes objects of a configuration: for each pool a Deployment, or over several nodes a LeaderWorkerSet, and a Service. */
import type { Backend } from '../catalog/engineProfile.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { graphName } from './dynamoGraph.ts';
import { engineImage } from './images.ts';
import { commandWords, launchOf } from './launch.ts';
import { gpusPerNode, nodesOf, type Server } from './serverPlan.ts';

type Yaml = Readonly<Record<string, unknown>>;

const PORTS: Readonly<Record<Backend, number>> = { vllm: 8000, sglang: 30_000, trtllm: 8000 };
/** SGLang's readiness probe generates a token. */
const READY: Readonly<Record<Backend, string>> = { vllm: '/health', sglang: '/health_generate', trtllm: '/health' };
/** Twice what large models take to load from a local disk, in probes of ten seconds. */
const STARTUP_PROBES = 360;
const OPTIONS_PATH = '/etc/engine/options.yaml';
/** Ports of the first pod that the others of a group meet at. */
const MEETING_PORT = { vllm: 29_500, sglang: 20_000 } as const;

export function kubernetesObjects(config: PredictConfig, servers: readonly Server[]): Yaml[] {
  const shown = servers.filter((server) => kubernetesGap(server) === null);
  return shown.flatMap((server) => {
    const name = `${graphName(config)}-${server.name}`;
    const { options } = launchOf(server);
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${name}-options` },
      data: { 'options.yaml': options },
    };
    const workload = nodesOf(server) === 1 ? deployment(name, server) : workerSet(name, server);
    return [...(options === null ? [] : [map]), workload, service(name, server)];
  });
}

/** Why a server cannot be written down so; null when it can. */
export function kubernetesGap(server: Server): string | null {
  if (nodesOf(server) === 1 || server.engine.backend !== 'trtllm') return null;
  return `${server.name} spans ${nodesOf(server)} nodes: TensorRT-LLM starts those by MPI, which kubernetes.yaml does not show; dynamo.yaml does`;
}

function deployment(name: string, server: Server): Yaml {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name } },
    spec: {
      replicas: server.pool.parallelism.replicas,
      // GPUs are scarce: the old pod goes before the new one comes.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: podSpec(name, server, [], true) },
    },
  };
}

/** One group of pods for each server; the first pod of a group answers. */
function workerSet(name: string, server: Server): Yaml {
  return {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: { name },
    spec: {
      replicas: server.pool.parallelism.replicas,
      startupPolicy: 'LeaderCreated',
      leaderWorkerTemplate: {
        size: nodesOf(server),
        restartPolicy: 'RecreateGroupOnPodRestart',
        leaderTemplate: {
          metadata: { labels: { app: name, role: 'leader' } },
          spec: podSpec(name, server, groupWords(server, true), true),
        },
        workerTemplate: {
          metadata: { labels: { app: name } },
          spec: podSpec(name, server, groupWords(server, false), false),
        },
      },
    },
  };
}

/** How the pods of a group find each other; Kubernetes fills in `$(NAME)`. */
function groupWords({ engine }: Server, isLeader: boolean): string[] {
  const size = ['--nnodes', '$(LWS_GROUP_SIZE)', '--node-rank', '$(LWS_WORKER_INDEX)'];
  if (engine.backend === 'sglang') return [...size, '--dist-init-addr', `$(LWS_LEADER_ADDRESS):${MEETING_PORT.sglang}`];
  const leader = ['--master-addr', '$(LWS_LEADER_ADDRESS)', '--master-port', String(MEETING_PORT.vllm)];
  return [...size, ...leader, ...(isLeader ? [] : ['--headless'])];
}

function podSpec(name: string, server: Server, extra: readonly string[], answers: boolean): Yaml {
  const { engine, gpus, hardware } = server;
  const launch = launchOf(server);
  const [program, ...args] = [...commandWords(launch, OPTIONS_PATH), ...extra];
  const shared = gpus > 1;
  const configured = launch.options !== null;
  const mounts = [
    ...(shared ? [{ name: 'shm', mountPath: '/dev/shm' }] : []),
    ...(configured ? [{ name: 'engine-options', mountPath: '/etc/engine' }] : []),
  ];
  const volumes = [
    ...(shared ? [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '64Gi' } }] : []),
    ...(configured ? [{ name: 'engine-options', configMap: { name: `${name}-options` } }] : []),
  ];
  return {
    terminationGracePeriodSeconds: 600,
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    containers: [
      {
        name: 'engine',
        image: engineImage(engine),
        command: [program],
        args,
        env: [
          {
            name: 'HF_TOKEN',
            valueFrom: { secretKeyRef: { name: 'hf-token-secret', key: 'HF_TOKEN', optional: true } },
          },
        ],
        ...(answers
          ? { ports: [{ name: 'http', containerPort: PORTS[engine.backend] }], ...probes(engine.backend) }
          : {}),
        resources: { limits: { 'nvidia.com/gpu': String(Math.min(gpus, gpusPerNode(hardware))) } },
        ...(mounts.length === 0 ? {} : { volumeMounts: mounts }),
      },
    ],
    ...(volumes.length === 0 ? {} : { volumes }),
  };
}

function probes(backend: Backend): Yaml {
  const get = (path: string) => ({ httpGet: { path, port: 'http' } });
  return {
    startupProbe: { ...get('/health'), periodSeconds: 10, failureThreshold: STARTUP_PROBES },
    readinessProbe: { ...get(READY[backend]), periodSeconds: 10, failureThreshold: 3 },
    livenessProbe: { ...get('/health'), periodSeconds: 30, failureThreshold: 5 },
  };
}

function service(name: string, server: Server): Yaml {
  const selector = nodesOf(server) === 1 ? { app: name } : { app: name, role: 'leader' };
  const port = PORTS[server.engine.backend];
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { type: 'ClusterIP', selector, ports: [{ name: 'http', port, targetPort: 'http' }] },
  };
}
