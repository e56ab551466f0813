import type { RunOptions } from './executor.ts';
import type { Ask, Trial } from './trial.ts';

/**
 * Keeps at most `size` trials asked and not yet told, and tells them in ask order: results are small, what is bounded is
 * the wait behind one long trial.
 * @param start begins a trial elsewhere; its promise never rejects.
 * @param cancel settles whatever was started as cancelled; called once, when the run is stopped.
 */
export async function runInWindow<Job, Result>(
  asks: Iterable<Ask<Job>>,
  { signal, onTold }: RunOptions<Job, Result>,
  size: number,
  start: (ask: Ask<Job>) => Promise<Trial<Result>>,
  cancel: () => void,
): Promise<void> {
  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    cancel();
  };
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();

  const window: { ask: Ask<Job>; trial: Promise<Trial<Result>> }[] = [];
  const tellFirst = async (): Promise<void> => {
    const { ask, trial } = window.shift()!;
    if (!onTold(await trial, ask)) stop();
  };
  try {
    for (const ask of asks) {
      window.push({ ask, trial: stopped ? Promise.resolve({ id: ask.id, status: 'cancelled' }) : start(ask) });
      while (window.length >= size) await tellFirst();
    }
    while (window.length > 0) await tellFirst();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
