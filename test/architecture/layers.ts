import { findChain, findCycles, type Import, type ImportGraph } from './imports.ts';

/** The folders of src, from the top down: a file imports from its own folder or from folders below it. */
export const LAYERS = [
  'cli',
  'report',
  'deploy',
  'adapt',
  'insight',
  'recommend',
  'calibrate',
  'study',
  'search',
  'config',
  'metrics',
  'planner',
  'cluster',
  'engine',
  'kv',
  'timing',
  'workload',
  'catalog',
  'base',
] as const;

type Layer = (typeof LAYERS)[number];

/** Packages that only one place may import: a folder, or a folder inside one. */
const AT_HOME: Readonly<Record<string, string>> = {
  zod: 'src/config/',
  yaml: 'src/config/',
  papaparse: 'src/workload/',
  commander: 'src/cli/',
  'cli-progress': 'src/cli/',
};

/** Files of the heart that read the disk; nothing else of `metrics` and below imports `node:` modules. */
export const NODE_FILES: readonly string[] = ['src/workload/openTrace.ts'];

const HEART = new Set(LAYERS.slice(LAYERS.indexOf('metrics')));

/** One sentence for each import that breaks a rule of the column; empty when all keep to it. */
export function layerBreaches(graph: ImportGraph): string[] {
  const breaches: string[] = [];
  for (const [file, imports] of graph) {
    const layer = layerOf(file);
    if (file.startsWith('src/') && layer === null && file !== 'src/index.ts') breaches.push(`${file}: in no layer`);
    for (const imported of imports) {
      const breach = breachOf(file, layer, imported, graph);
      if (breach !== null) breaches.push(`${file}: ${breach}`);
    }
  }
  for (const cycle of findCycles(graph)) breaches.push(`a circle: ${cycle.join(' -> ')}`);
  return [...breaches, ...webBreaches(graph)];
}

function breachOf(file: string, layer: Layer | null, imported: Import, graph: ImportGraph): string | null {
  const { specifier, target } = imported;
  if (target === null) return packageBreach(file, layer, specifier);
  if (!file.startsWith('src/')) return null;
  if (!target.startsWith('src/')) return `imports ${target} from outside src`;
  if (/\.tsx?$/.test(target) && !graph.has(target)) return `imports ${target}, which is a test or does not exist`;
  if (layer === null) return null;
  const below = layerOf(target);
  if (below === null || rank(below) < rank(layer)) return `imports upward from ${target}`;
  return null;
}

function packageBreach(file: string, layer: Layer | null, specifier: string): string | null {
  if (specifier.startsWith('node:')) {
    const free = layer === null || !HEART.has(layer) || NODE_FILES.includes(file);
    return free ? null : `imports ${specifier}, but ${layer} must run in a browser`;
  }
  const name = specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1)[0];
  const home = AT_HOME[name];
  return home === undefined || !file.startsWith('src/') || file.startsWith(home)
    ? null
    : `imports ${specifier}, which stays in ${home}`;
}

/** The page runs in a browser: nothing it loads may reach a `node:` module. */
function webBreaches(graph: ImportGraph): string[] {
  const breaches: string[] = [];
  for (const file of graph.keys()) {
    if (!file.startsWith('web/') || /\.config\.ts$/.test(file)) continue;
    const chain = findChain(graph, file, (specifier) => specifier.startsWith('node:'));
    if (chain !== null) breaches.push(`a page reaches node: ${chain.join(' -> ')}`);
  }
  return breaches;
}

function layerOf(file: string): Layer | null {
  return LAYERS.find((layer) => file.startsWith(`src/${layer}/`)) ?? null;
}

function rank(layer: Layer): number {
  return LAYERS.indexOf(layer);
}
