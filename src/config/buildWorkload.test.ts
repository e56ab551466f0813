import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { testFacts } from '../../test/support/testFacts.ts';
import { loadWorkload } from './buildWorkload.ts';
import { parsePredict } from './loadPredict.ts';

const folder = mkdtempSync(join(tmpdir(), 'dynosim-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

writeFileSync(join(folder, 'own.csv'), 'when,prompt,answer,chat\n0,10,5,a\n0,20,5,b\n3,30,5,c\n3,40,5,d\n');

function load(traffic: string, seed = 1) {
  const text = `traffic:\n${traffic}\nengine: {model: test/dense, hardware: l4, workers: {aggregated: {}}}\n`;
  const config = parsePredict(text, 'f.yaml', [], testFacts);
  return loadWorkload(config.traffic, seed, folder, 1000);
}

const CSV =
  '  source: {type: trace, path: own.csv, columns: {timestamp: when, input_tokens: prompt, output_tokens: answer}}';
const S = 1e9;

test('a CSV trace keeps its arrivals and lengths', async () => {
  const { arrivalNs, inputTokens, maxOutputTokens } = await load(CSV);
  expect([...arrivalNs]).toEqual([0, 0, 3 * S, 3 * S]);
  expect([...inputTokens]).toEqual([10, 20, 30, 40]);
  expect([...maxOutputTokens]).toEqual([5, 5, 5, 5]);
});

test('spread arrivals stay in order, each within its tick', async () => {
  const { arrivalNs } = await load(`${CSV}\n  load: {type: trace_timestamps, spread: uniform}`);
  const times = [...arrivalNs];
  expect([...times].sort((a, b) => a - b)).toEqual(times);
  expect(new Set(times).size).toBe(4);
  expect(times[1]).toBeLessThan(3 * S);
  expect(times[2]).toBeGreaterThanOrEqual(3 * S);
});

test('stop.requests cuts, max_output_tokens fills the context', async () => {
  const workload = await load(`${CSV}\n  stop: {requests: 2}\n  max_output_tokens: context`);
  expect([...workload.maxOutputTokens]).toEqual([990, 980]);
});

test('a rate redraws arrivals with its mean', async () => {
  const source = '  source: {type: synthetic, input_tokens: 10, output_tokens: 10, requests: 20000}';
  const { arrivalNs } = await load(`${source}\n  load: {type: poisson, requests_per_second: 50}`);
  // The last of n Poisson arrivals has mean n/rate and standard deviation sqrt(n)/rate: four of them around 400 s.
  expect(Math.abs(arrivalNs[19999] / S - 400)).toBeLessThan((4 * Math.sqrt(20000)) / 50);
});

test('sessions count conversations, presets count requests', async () => {
  const sessions = await load(
    '  source: {type: synthetic, input_tokens: 10, output_tokens: 10, requests: 7, sessions: {turns: 3, think_seconds: 2}}\n  load: {type: concurrency, concurrency: 2}',
  );
  expect(sessions.count).toBe(21);
  expect(sessions.thinkNs[1]).toBe(2 * S);
  const preset = await load(
    '  source: {type: preset, name: chat, requests: 50}\n  load: {type: concurrency, concurrency: 2}',
  );
  expect(preset.count).toBe(50);
});

test('a trace that is not there is named', async () => {
  await expect(load('  source: {type: trace, path: none.jsonl}')).rejects.toThrow(/none\.jsonl: no such file/);
});
