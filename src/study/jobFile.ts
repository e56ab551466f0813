import { InputError } from '../base/inputError.ts';

export interface ShardedCommand {
  /** The words after `dynosim`, without the shard. */
  readonly words: readonly string[];
  readonly shards: number;
  /** Folder in which the words' paths are right. */
  readonly folder: string;
  readonly version: string;
}

/**
 * A file that runs the shards of a sweep as one job: a Slurm array (`.sbatch`, `.sh`) or a Kubernetes Indexed Job (`.yaml`).
 * @throws InputError for a file name that ends otherwise
 */
export function jobFile(path: string, command: ShardedCommand): string {
  if (/\.(sbatch|sh)$/.test(path)) return slurmArray(command);
  if (/\.ya?ml$/.test(path)) return indexedJob(command);
  throw new InputError({ path: '--job-file', message: `${path} must end in .sbatch (Slurm) or .yaml (Kubernetes)` });
}

/** https://slurm.schedmd.com/job_array.html */
function slurmArray({ words, shards, folder }: ShardedCommand): string {
  return `#!/bin/bash
#SBATCH --job-name=dynosim
#SBATCH --array=0-${shards - 1}
#SBATCH --cpus-per-task=4
#SBATCH --output=dynosim-%A_%a.log
set -euo pipefail
cd ${quoted(folder)}
exec dynosim ${words.map(quoted).join(' ')} \\
  --threads "\${SLURM_CPUS_PER_TASK:-1}" --shard "$SLURM_ARRAY_TASK_ID/${shards}"
`;
}

/** https://kubernetes.io/docs/tasks/job/indexed-parallel-processing-static/ */
function indexedJob({ words, shards, version }: ShardedCommand): string {
  const line = `exec dynosim ${words.map(quoted).join(' ')} --shard "$JOB_COMPLETION_INDEX/${shards}"`;
  return `# Set the image and the claim of a shared volume that holds the files named below.
apiVersion: batch/v1
kind: Job
metadata:
  name: dynosim-sweep
spec:
  completionMode: Indexed
  completions: ${shards}
  parallelism: ${shards}
  backoffLimitPerIndex: 3
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: shard
          image: registry.example/dynosim:${version}
          workingDir: /sweep
          command: [sh, -c, ${JSON.stringify(line)}]
          resources:
            requests: {cpu: "4", memory: 4Gi}
            limits: {memory: 8Gi}
          volumeMounts:
            - {name: sweep, mountPath: /sweep}
      volumes:
        - name: sweep
          persistentVolumeClaim: {claimName: dynosim-sweep}
`;
}

/** A word as a POSIX shell reads it back. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
