import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { shellCommands } from '../src/deploy/shellWords.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSX = join(ROOT, 'node_modules/tsx/dist/cli.mjs');

/** Runs the page's examples from top to bottom in one folder; files are the blocks that name one. */
test.each(['import', 'deploy', 'traces'])('every example of docs/%s.md runs', (page) => {
  const folder = mkdtempSync(join(tmpdir(), 'dynosim-docs-'));
  let commands = 0;
  try {
    const text = readFileSync(join(ROOT, `docs/${page}.md`), 'utf8');
    for (const [, kind, file, block] of text.matchAll(/^```(\w+)(?: file=(\S+))?\n(.*?)^```/gms)) {
      if (file !== undefined) writeFileSync(join(folder, file), block);
      for (const { words } of kind === 'sh' ? shellCommands(block) : []) {
        expect(words[0]).toBe('dynosim');
        const { status, stderr } = spawnSync(
          process.execPath,
          [TSX, join(ROOT, 'src/cli/main.ts'), ...words.slice(1)],
          {
            cwd: folder,
            encoding: 'utf8',
          },
        );
        expect([words.join(' '), status, status === 0 ? '' : stderr]).toEqual([words.join(' '), 0, '']);
        commands++;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  expect(commands).toBeGreaterThan(0);
});
