import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomEngine } from '../../test/support/randomEngine.ts';
import { SGLANG_FLAGS, TRTLLM_FLAGS, TRTLLM_KEYS, VLLM_FLAGS } from '../../test/support/realFlags.ts';
import { testFacts } from '../../test/support/testFacts.ts';
import { isSince } from '../catalog/engineVersion.ts';
import { parsePredict } from '../config/loadPredict.ts';
import type { PredictConfig } from '../config/predictConfig.ts';
import { toYaml } from '../config/writeYaml.ts';
import { importLaunch } from './importLaunch.ts';
import { commandText, launchOf } from './launch.ts';
import { serversOf } from './serverPlan.ts';

const TRAFFIC = { source: { type: 'preset', name: 'chat' }, load: { type: 'poisson', requests_per_second: 1 } };

const resolve = (engine: unknown): PredictConfig =>
  parsePredict(toYaml({ traffic: TRAFFIC, engine }), 'f.yaml', [], testFacts);

/** The configuration again from the commands and files that start it. */
function throughCommands(config: PredictConfig) {
  const servers = serversOf(config, testFacts);
  const launches = servers.map(launchOf);
  const texts = servers.map(({ role, name }, index) => ({
    text: commandText(launches[index], `${name}.yaml`),
    ...(role === 'aggregated' ? {} : { role }),
  }));
  const { config: imported, notes } = importLaunch(config.engine.backend, texts, {
    facts: testFacts,
    variables: {},
    readOptions: (path) => launches[servers.findIndex(({ name }) => `${name}.yaml` === path)].options!,
    version: config.engine.backend_version,
  });
  const engine = imported.engine as { workers: Record<string, object> };
  // Which GPU it runs on is no part of a command.
  for (const { role, pool } of servers) engine.workers[role] = { ...engine.workers[role], hardware: pool.hardware };
  return { back: resolve(engine), notes, launches };
}

/** Leaves by dotted path; a list of numbers is one. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  if (Array.isArray(value) && value.every((each) => typeof each === 'number')) return [[path, value.join()]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path === '' ? key : `${path}.${key}`));
}

test('what is deployed and imported again is the same, but for what deploy says it cannot say', () => {
  const seen = { vllm: 0, sglang: 0, trtllm: 0 };
  const told = new Set<string>();
  fc.assert(
    fc.property(randomEngine, (engine) => {
      const config = resolve(engine);
      const { back, notes, launches } = throughCommands(config);
      expect(notes.refused).toEqual([]);
      const excused = launches.flatMap(({ inexpressible }) =>
        inexpressible.map(({ path }) => path.split('.').slice(3).join('.')),
      );
      const expected = leaves(config.engine.workers);
      const found = new Map(leaves(back.engine.workers));
      for (const [path, value] of expected) {
        const below = path.split('.').slice(2).join('.');
        if (excused.some((each) => each !== '' && below.startsWith(each))) continue;
        expect([path, found.get(path)]).toEqual([path, value]);
        told.add(below);
      }
      const { workers: _a, ...shared } = config.engine;
      const { workers: _b, ...sharedBack } = back.engine;
      expect(sharedBack).toEqual(shared);
      seen[config.engine.backend]++;
    }),
    { numRuns: 250 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(30);
  // Every knob of the worker that has a flag was among them.
  for (const path of [
    'scheduler.policy',
    'scheduler.balance',
    'scheduler.polling_interval',
    'cuda_graphs.sizes',
    'speculation.method',
  ]) {
    expect([...told]).toContain(path);
  }
});

test('a launch says nothing that the engine of that version does not list', () => {
  const flagsOf = { vllm: VLLM_FLAGS, sglang: SGLANG_FLAGS, trtllm: TRTLLM_FLAGS };
  const newer: readonly (readonly [flag: string, since: string])[] = [
    ['--watermark', '0.23.0'],
    ['--prefill-schedule-interval', '0.24.0'],
    ['--max-cudagraph-capture-size', '0.12.0'],
    ['--cudagraph-capture-sizes', '0.12.0'],
    ['--async-scheduling', '0.10.0'],
  ];
  fc.assert(
    fc.property(randomEngine, (engine) => {
      const config = resolve(engine);
      const { backend, backend_version } = config.engine;
      for (const server of serversOf(config, testFacts)) {
        const { flags, options } = launchOf(server);
        for (const [flag] of flags) expect(flagsOf[backend]).toContain(flag);
        for (const [flag, since] of backend === 'vllm' ? newer : []) {
          if (!isSince(backend_version, since)) expect(flags.map(([each]) => each)).not.toContain(flag);
        }
        for (const [key] of leaves(options ?? {})) expect(TRTLLM_KEYS).toContain(key);
      }
    }),
    { numRuns: 150 },
  );
});
