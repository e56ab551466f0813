import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importGraph } from './imports.ts';
import { layerBreaches, NODE_FILES } from './layers.ts';
import { readSources } from './sourceFiles.ts';

describe('the layers of src', () => {
  const sources = readSources('src', 'web');

  it('hold: no import leads upward, in a circle, or out of its home', () => {
    expect(sources.size).toBeGreaterThan(100);
    expect(layerBreaches(importGraph(sources))).toEqual([]);
  });

  it('list no Node-only file that is gone', () => {
    expect(NODE_FILES.filter((file) => !existsSync(new URL(`../../${file}`, import.meta.url)))).toEqual([]);
  });
});

describe('the layer check', () => {
  const good = {
    'src/base/units.ts': '',
    'src/kv/pool.ts': "import { MS } from '../base/units.ts';\nimport facts from './facts.json' with { type: 'json' };",
    'src/engine/core.ts': "import { Pool } from '../kv/pool.ts';\nimport { Queue } from './queue.ts';",
    'src/engine/queue.ts': '// import "../cluster/fleet.ts"\nconst text = "import x from \'../cluster/fleet.ts\'";',
    'src/cluster/fleet.ts': "import type { Core } from '../engine/core.ts';",
    'src/config/schema.ts': "import { z } from 'zod';\nimport { readFileSync } from 'node:fs';",
    'src/workload/openTrace.ts': "import { createReadStream } from 'node:fs';",
    'src/index.ts': "export { fleet } from './cluster/fleet.ts';",
    'web/page.tsx': "import type { Row } from '../src/workload/openTrace.ts';\nimport '../src/cluster/fleet.ts';",
  };

  it('accepts imports that keep to the column', () => {
    expect(breaches({})).toEqual([]);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'an upward import',
      { 'src/kv/up.ts': "import '../engine/queue.ts';" },
      /kv\/up.ts: imports upward from src\/engine/,
    ],
    ['an upward type', { 'src/kv/up.ts': "import type { A } from '../engine/queue.ts';" }, /imports upward/],
    ['an upward re-export', { 'src/kv/up.ts': "export * from '../engine/queue.ts';" }, /imports upward/],
    ['an upward import()', { 'src/kv/up.ts': "await import('../engine/queue.ts');" }, /imports upward/],
    ['an upward import type', { 'src/kv/up.ts': "type A = import('../engine/queue.ts').A;" }, /imports upward/],
    ['the index from a layer', { 'src/cli/main.ts': "import '../index.ts';" }, /imports upward from src\/index.ts/],
    ['src importing a test helper', { 'src/kv/up.ts': "import '../../test/support/run.ts';" }, /outside src/],
    [
      'an upward JSON file',
      { 'src/kv/up.ts': "import a from '../engine/a.json' with { type: 'json' };" },
      /imports upward/,
    ],
    ['a file that is gone', { 'src/kv/up.ts': "import './gone.ts';" }, /gone.ts, which is a test or does not exist/],
    ['a folder that is no layer', { 'src/utils/misc.ts': '' }, /utils\/misc.ts: in no layer/],
    [
      'a circle within a folder',
      { 'src/kv/a.ts': "import './b.ts';", 'src/kv/b.ts': "import type { A } from './a.ts';" },
      /a circle: src\/kv\/a.ts -> src\/kv\/b.ts -> src\/kv\/a.ts/,
    ],
    ['a file importing itself', { 'src/kv/a.ts': "import './a.ts';" }, /a circle: src\/kv\/a.ts -> src\/kv\/a.ts/],
    ['zod outside config', { 'src/cluster/s.ts': "import { z } from 'zod';" }, /zod, which stays in src\/config/],
    ['a deep import of yaml', { 'src/cli/s.ts': "import 'yaml/util';" }, /yaml\/util, which stays in src\/config/],
    ['papaparse outside workload', { 'src/config/c.ts': "import 'papaparse';" }, /papaparse, which stays/],
    ['node: in the heart', { 'src/timing/t.ts': "import 'node:fs';" }, /timing must run in a browser/],
    [
      'a page that reaches node: through others',
      { 'web/late.ts': "import '../src/workload/openTrace.ts';" },
      /a page reaches node: web\/late.ts -> src\/workload\/openTrace.ts -> node:fs/,
    ],
  ])('finds %s', (_, extra, message) => {
    expect(breaches(extra)).toEqual([expect.stringMatching(message)]);
  });

  function breaches(extra: Record<string, string>): string[] {
    return layerBreaches(importGraph(new Map(Object.entries({ ...good, ...extra }))));
  }
});
