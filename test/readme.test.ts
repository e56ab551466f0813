import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { parsePredict } from '../src/config/loadPredict.ts';
import { readFacts } from '../src/config/readFacts.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'dynosim-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('README.md', () => {
  // The pages on importing and deploying have tests of their own that read a command as a shell does.
  const commands = (README.match(/^dynosim .*$/gm) ?? []).filter((line) => !/^dynosim (import|deploy) /.test(line));

  it('shows predict and recommend', () => {
    expect(commands.filter((command) => /^dynosim (predict|recommend) /.test(command)).length).toBeGreaterThan(1);
  });

  it.each(commands)('%s', async (command) => {
    const args = ['--import', 'tsx', 'src/cli/main.ts', ...command.split(' ').slice(1), '-o', folder, '--overwrite'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    // What a planner is shown with is a load it comes late for.
    const isPlanned = command.includes('planner');
    expect(stdout).toMatch(
      isPlanned ? /planner +\d+ changes.*; GPU-hours starting/ : /SLO is met|meets the SLO|gives .* tokens\/s\/GPU/,
    );
  });

  it.each(README.match(/(?<=^```yaml\n).*?(?=^```)/gms) ?? [])('section %s', (section) => {
    const engine = 'engine: {model: Qwen/Qwen3-8B, hardware: l40s, workers: {aggregated: {}}}\n';
    expect(parsePredict(`${section}${engine}`, 'README.md', [], readFacts('.')).traffic.source.type).toBe('trace');
  });
});
