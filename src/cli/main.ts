#!/usr/bin/env node
import { run } from './program.ts';

// Whoever reads the output may stop, as `head` does; files are written before it, so nothing is lost.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(process.exitCode ?? 0);
});

process.exitCode = await run(process.argv.slice(2));
