import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { STATES } from '../src/engine/requestLog.ts';
import { METRICS } from '../src/metrics/metricNames.ts';
import { summarize } from '../src/metrics/summarize.ts';
import { summaryInput } from './support/handmadeRun.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGES = [...pagesIn('.'), ...pagesIn('docs'), ...pagesIn('docs/decisions')];
const scripts: Record<string, string> = JSON.parse(textOf('package.json')).scripts;

describe.each(PAGES)('%s', (page) => {
  const text = textOf(page);
  const prose = text.replaceAll(/^```.*?^```/gms, '');

  it('links to pages and headings that exist', () => {
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file, heading] = target.split('#');
      const path = file === '' ? page : join(dirname(page), file);
      expect(existsSync(join(ROOT, path)), target).toBe(true);
      if (heading !== undefined) expect(headingsOf(textOf(path)), target).toContain(heading);
    }
  });

  it('names files and scripts that exist', () => {
    for (const [, path] of prose.matchAll(/`((?:src|test|bench|scripts|examples|web)\/[\w./-]+)`/g)) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
    for (const [, script] of text.matchAll(/npm run ([\w:-]+)/g)) {
      if (!script.endsWith(':')) expect(Object.keys(scripts)).toContain(script);
    }
  });
});

describe('docs/report.md', () => {
  const page = textOf('docs/report.md');
  const documented = new Set([...page.matchAll(/`([\w.]+)`/g)].map(([, key]) => key));

  it('has every key of a report and every state', () => {
    const report = summarize(summaryInput([{ arrivalMs: 0, prefillMs: 1, gapsMs: [2] }], { durationMs: 4 }));
    expect(keysOf(report).filter((key) => !covers(documented, key))).toEqual([]);
    expect(STATES.filter((state) => !documented.has(state))).toEqual([]);
  });

  it('has the leaf of every metric that an objective can name', () => {
    const leaves = new Set([...documented].map((key) => key.split('.').at(-1)));
    const leafOf = (metric: string) => metric.replace(/^(mean|min|p\d+|max|std|goodput)_/, '');
    expect(METRICS.filter((metric) => !leaves.has(metric) && !leaves.has(leafOf(metric)))).toEqual([]);
  });
});

describe('README.md', () => {
  it('has two commands for a fresh clone, each one line', () => {
    const commands = textOf('README.md').match(/^npm ci && .*$/gm) ?? [];
    expect(commands).toHaveLength(2);
    expect(commands[0]).toContain(' recommend ');
    expect(commands[1]).toMatch(/npm test$/);
  });
});

/** A key of two parts must stand there whole; what is below is described at once (`latency.ttft_ms`, `engine.kv_blocks`). */
function covers(documented: ReadonlySet<string>, key: string): boolean {
  return documented.has(key.split('.').slice(0, 2).join('.'));
}

function keysOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, path === '' ? key : `${path}.${key}`));
}

/** GitHub's anchors. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => relative(ROOT, join(ROOT, folder, name)));
}

function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
