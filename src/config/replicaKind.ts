import type { WorkerConfig } from './predictConfig.ts';

/** Replicas of one kind can take one another's role: what they hold in GPU memory is the same, their caches apart. */
export function replicaKind({
  hardware,
  parallelism,
  speculation,
}: Pick<WorkerConfig, 'hardware' | 'parallelism' | 'speculation'>): string {
  const { replicas: _, ...shape } = parallelism;
  return JSON.stringify([hardware, Object.entries(shape).sort(), speculation]);
}
