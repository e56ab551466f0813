import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const CLI = new URL('../../dist/cli/main.js', import.meta.url).pathname;

export interface SweepProcess {
  readonly child: ChildProcess;
  /** The exit code; null when a signal ended it. */
  readonly exit: Promise<number | null>;
}

/** The built command line in a process of its own, its standard error passed on unless `quietly`. */
export function startDynosim(args: readonly string[], quietly = false): SweepProcess {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: ['ignore', 'ignore', quietly ? 'ignore' : 'inherit'],
  });
  return { child, exit: new Promise((resolve) => child.on('exit', resolve)) };
}

/** recommendation.json of an output folder, without what depends on the machine and the moment. */
export function answerIn(folder: string): string {
  const timed = new Set(['wall_ms', 'simulation_ms', 'threads']);
  const text = readFileSync(join(folder, 'recommendation.json'), 'utf8');
  return JSON.stringify(JSON.parse(text, (key, value: unknown) => (timed.has(key) ? 0 : value)));
}
