import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { handmadeAnswer } from '../../test/support/handmadeAnswer.ts';
import { handmadeRun } from '../../test/support/handmadeRun.ts';
import { frontierCsv, toCsv } from './csv.ts';
import { perRequestCsv, perRequestJsonl } from './perRequest.ts';

const parse = (text: string): Record<string, string>[] =>
  Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true }).data;

describe('toCsv', () => {
  it('survives a reader: commas, quotes, line breaks', () => {
    const rows = [
      ['a,b', 'say "x"'],
      ['two\nlines', ''],
    ];
    expect(Papa.parse(toCsv(rows), { skipEmptyLines: true }).data).toEqual(rows);
  });
});

describe('frontierCsv', () => {
  it('has a row for each point of the frontier, the pick marked', () => {
    const rows = parse(frontierCsv(handmadeAnswer()));
    expect(rows.map((row) => [row.rank, row.pick, row.shape, row.gpus, row.usd_per_hour, row.p95_ttft_ms])).toEqual([
      ['1', '1', '4x TP2 h200_sxm', '8', '29.44', '310'],
      ['2', '0', '3x TP4 h200_sxm', '12', '44.16', '240'],
      ['3', '0', '4x TP4 h200_sxm', '16', '58.88', '190'],
    ]);
  });
});

describe('per-request files', () => {
  const { result, workload } = handmadeRun(
    [
      { arrivalMs: 5, queueMs: 10, prefillMs: 20, gapsMs: [5, 15], reusedTokens: 64 },
      { arrivalMs: 50, prefillMs: 1, gapsMs: [] },
      { arrivalMs: 60, prefillMs: 0, gapsMs: [1], fate: 'rejected' },
    ],
    { durationMs: 1000 },
  );

  it('say what happened to each request', () => {
    const [first, single, refused] = parse(perRequestCsv(result, workload));
    expect(first).toMatchObject({ request: '0', outcome: 'completed', arrival_ms: '5', scheduled_ms: '15' });
    expect(first).toMatchObject({ ttft_ms: '30', tpot_ms: '10', max_gap_ms: '15', e2e_ms: '50', queue_ms: '10' });
    expect(first).toMatchObject({ input_tokens: '100', output_tokens: '3', reused_tokens: '64', replica: '0' });
    expect(single).toMatchObject({ ttft_ms: '1', tpot_ms: '', e2e_ms: '1' });
    expect(refused).toMatchObject({ outcome: 'rejected', ttft_ms: '', e2e_ms: '' });
  });

  it('agree between CSV and JSON Lines', () => {
    const fromJson = perRequestJsonl(result, workload)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, String(value ?? '')])));
    expect(parse(perRequestCsv(result, workload))).toEqual(fromJson);
  });
});
