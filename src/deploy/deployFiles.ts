import type { Facts } from '../config/facts.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { toYaml } from '../config/writeYaml.ts';
import { deployNotes } from './deployNotes.ts';
import { dynamoGraph } from './dynamoGraph.ts';
import { kubernetesObjects } from './kubernetes.ts';
import { commandText, launchOf } from './launch.ts';
import { disaggregatedRouter } from './pdRouter.ts';
import { type Server, serversOf } from './serverPlan.ts';

/**
 * The files that put a configuration to work, by name: `launch/<pool>.sh` with each server's command (and TensorRT-LLM's options
 * beside it), `dynamo.yaml`, `kubernetes.yaml`, and `README.md` with what they cannot say.
 */
export function deployFiles(config: PredictConfig, facts: Facts): Map<string, string> {
  const servers = serversOf(config, facts);
  const files = new Map<string, string>();
  for (const server of servers) {
    const launch = launchOf(server);
    files.set(`launch/${server.name}.sh`, script(server));
    if (launch.options !== null) files.set(`launch/${server.name}.yaml`, toYaml(launch.options));
  }
  for (const [name, text] of disaggregatedRouter(servers)) files.set(`launch/${name}`, text);
  files.set('dynamo.yaml', documents(dynamoGraph(config, servers)));
  files.set('kubernetes.yaml', documents(kubernetesObjects(config, servers)));
  files.set('README.md', deployNotes(config, servers));
  return files;
}

function script(server: Server): string {
  const { pool, gpus, hardware, engine } = server;
  const { replicas } = pool.parallelism;
  const times = replicas === 1 ? 'once' : `${replicas} times, each on GPUs of its own`;
  const what = `# ${engine.profile.name} ${engine.version} on ${gpus} x ${hardware.id}: run it ${times}.`;
  return `#!/bin/sh\n${what}\n${commandText(launchOf(server), `${server.name}.yaml`)}\n`;
}

/** Engine options inside a ConfigMap are a file of their own. */
function documents(objects: readonly Readonly<Record<string, unknown>>[]): string {
  return objects
    .map((object) => {
      if (object.kind !== 'ConfigMap') return toYaml(object);
      const data = Object.entries(object.data as object).map(([name, content]) => [name, toYaml(content)]);
      return toYaml({ ...object, data: Object.fromEntries(data) });
    })
    .join('---\n');
}
