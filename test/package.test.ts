import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importGraph } from './architecture/imports.ts';
import { readSources } from './architecture/sourceFiles.ts';

interface LockedPackage {
  readonly version: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFromRoot('package.json'));
const lock: { lockfileVersion: number; packages: Record<string, LockedPackage> } = JSON.parse(
  readFromRoot('package-lock.json'),
);
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

/** What a user's installation may bring in, and why it is worth it. */
const RUNTIME = {
  'cli-progress': 'progress bars with an ETA',
  'cli-table3': 'terminal tables',
  commander: 'command line',
  'hyparquet-writer': 'Parquet export of a study',
  libsql: 'studies in SQLite, prebuilt for each platform',
  papaparse: 'CSV with quotes, BOMs and odd delimiters',
  picocolors: 'terminal colours',
  yaml: 'YAML with positions, for errors that name their line',
  zod: 'the configuration schema and its JSON Schema',
};

/** What a user adds to work with a queue: src loads it only then. */
const OPTIONAL = ['bullmq', 'ioredis'];

describe('package.json', () => {
  it('names exact versions', () => {
    const ranges = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides };
    for (const [name, version] of Object.entries(ranges)) expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('has the runtime dependencies of the written list, each of them imported by src, and src imports no others', () => {
    const imported = new Set<string>();
    for (const imports of importGraph(readSources('src')).values()) {
      for (const { specifier, target } of imports) {
        if (target === null && !specifier.startsWith('node:')) imported.add(packageOf(specifier));
      }
    }
    expect([...imported].sort()).toEqual([...Object.keys(RUNTIME), ...OPTIONAL].sort());
    expect(Object.keys(manifest.dependencies).sort()).toEqual(Object.keys(RUNTIME).sort());
    expect(Object.keys(manifest.peerDependencies).sort()).toEqual(OPTIONAL);
    for (const name of OPTIONAL) expect(manifest.peerDependenciesMeta[name].optional).toBe(true);
  });

  it('points bin and exports at what the build makes from sources that exist', () => {
    const made = [manifest.bin.dynosim, manifest.exports['.'].default].map((path: string) => path.replace('./', ''));
    expect(made[0]).toBe('dist/cli/main.js');
    for (const path of made) {
      const source = path.replace('dist/', 'src/').replace(/js$/, 'ts');
      expect(existsSync(new URL(`../${source}`, import.meta.url)), source).toBe(true);
    }
    expect(readFromRoot('src/cli/main.ts')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('refuses other engines than it names and runs no install scripts', () => {
    expect(manifest.engines.node).toBe('>=20.19');
    const npmrc = readFromRoot('.npmrc').split('\n');
    expect(npmrc).toContain('engine-strict=true');
    expect(npmrc).toContain('ignore-scripts=true');
  });

  it('ships the licence it names', () => {
    expect(manifest.license).toBe('Apache-2.0');
    expect(readFromRoot('LICENSE')).toMatch(
      /Apache License\s+Version 2\.0, January 2004[\s\S]*END OF TERMS AND CONDITIONS/,
    );
    for (const file of manifest.files.filter((name: string) => name !== 'dist')) {
      expect(existsSync(new URL(`../${file}`, import.meta.url)), file).toBe(true);
    }
  });
});

describe('package-lock.json', () => {
  it('agrees with package.json', () => {
    const root = lock.packages[''];
    expect(root.dependencies).toEqual(manifest.dependencies);
    expect((root as { devDependencies?: unknown }).devDependencies).toEqual(manifest.devDependencies);
    expect(lock.lockfileVersion).toBe(3);
  });

  it('pins every package by its digest', () => {
    expect(locked.length).toBeGreaterThan(50);
    for (const [path, { integrity }] of locked) expect(integrity, path).toMatch(/^sha512-/);
  });

  /** npm install leaves out platform packages a registry lacks at that moment; npm ci then fails on other platforms. */
  it('holds the optional package of every platform', () => {
    const names = new Set(locked.map(([path]) => path.split('node_modules/').at(-1)));
    for (const [path, { optionalDependencies }] of locked) {
      for (const name of Object.keys(optionalDependencies ?? {})) expect(names, `${name} of ${path}`).toContain(name);
    }
    for (const platform of ['darwin-arm64', 'linux-x64', 'linux-arm64', 'win32-x64']) {
      expect(names).toContain(`@biomejs/cli-${platform}`);
      expect(names).toContain(`@esbuild/${platform}`);
    }
    for (const platform of ['darwin-arm64', 'linux-x64-gnu', 'linux-arm64-gnu', 'linux-x64-musl', 'win32-x64-msvc']) {
      expect(names).toContain(`@rolldown/binding-${platform}`);
    }
  });
});

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function readFromRoot(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}
