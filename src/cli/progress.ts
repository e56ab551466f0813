import { SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, total: number): void;
  stop(): void;
}

const LINE_EVERY_MS = 5_000;

/** On standard error: a bar on a terminal, a line every few seconds elsewhere, nothing when quiet. */
export function createProgress(quiet: boolean, inWords: () => string): Progress {
  if (quiet) return { update: () => undefined, stop: () => undefined };
  return process.stderr.isTTY ? barProgress(inWords) : lineProgress(inWords);
}

function barProgress(inWords: () => string): Progress {
  const bar = new SingleBar({
    format: 'simulating [{bar}] {value}/{total} candidates, {eta_formatted} left; {words}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 100,
  });
  let started = false;
  return {
    update(done, total) {
      if (!started) bar.start(total, 0, { words: '' });
      started = true;
      bar.update(done, { words: inWords() });
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

function lineProgress(inWords: () => string): Progress {
  const startedMs = performance.now();
  let printedMs = startedMs;
  return {
    update(done, total) {
      const nowMs = performance.now();
      if (nowMs - printedMs < LINE_EVERY_MS || done === total) return;
      printedMs = nowMs;
      const leftS = Math.ceil(((nowMs - startedMs) / done) * (total - done) * 1e-3);
      process.stderr.write(`simulated ${done} of ${total} candidates, about ${leftS} s left; ${inWords()}\n`);
    },
    stop: () => undefined,
  };
}
