import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Adaptation } from '../src/adapt/adaptation.ts';
import type { Explanation } from '../src/insight/explanation.ts';
import type { Report } from '../src/metrics/report.ts';
import type { Recommendation } from '../src/recommend/recommendation.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = join(ROOT, 'src/cli/main.ts');
const TSX = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
const folder = mkdtempSync(join(tmpdir(), 'dynosim-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as a user does. `interruptWhen` sends Ctrl-C once standard error matches; `closeOutput` reads none of it. */
function dynosim(args: readonly string[], interruptWhen?: RegExp, input = '', closeOutput = false): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [TSX, MAIN, ...args], { cwd: folder });
    let stdout = '';
    let stderr = '';
    let interrupted = false;
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      if (interruptWhen?.test(stderr) === true && !interrupted) {
        interrupted = true;
        child.kill('SIGINT');
      }
    });
    if (closeOutput) child.stdout.destroy();
    child.stdin.end(input);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

const GOAL = `
traffic: {source: {type: preset, name: chat, requests: 100}, load: {type: poisson, requests_per_second: 6}}
engine: {model: meta-llama/Llama-3.1-8B, hardware: {choices: [l40s, h100_sxm]}}
evaluation: {slo: {ttft_ms: {p95: 500}, tpot_ms: {p95: 40}}}
optimization: {objectives: [usd_per_hour, p95_e2e_ms], constraints: {max_candidate_gpus: 3}}
`;

describe('recommend', () => {
  it('writes candidates that give exactly their summary under predict', async () => {
    mkdirSync(join(folder, 'conf'), { recursive: true });
    writeFileSync(join(folder, 'conf/goal.yaml'), GOAL);
    const searched = await dynosim([
      'recommend',
      '-c',
      'conf/goal.yaml',
      '-o',
      'found',
      '--format',
      'json',
      '--threads',
      '2',
    ]);
    expect(searched.code).toBe(0);
    const recommendation = JSON.parse(searched.stdout) as Recommendation & { explanation: Explanation | null };
    expect(recommendation.pick?.feasible).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'found/recommendation.json'), 'utf8'))).toEqual(recommendation);
    expect(recommendation.explanation?.summary.config_hash).toBe(recommendation.pick?.summary.config_hash);
    expect(readFileSync(join(folder, 'found/frontier.csv'), 'utf8').trim().split('\n')).toHaveLength(
      recommendation.frontier.length + 1,
    );
    for (const { files, summary } of [recommendation.pick!, recommendation.runner_up!, ...recommendation.frontier]) {
      const predicted = await dynosim([
        'predict',
        '-c',
        `found/${files.config}`,
        '-o',
        'again',
        '--overwrite',
        '--format',
        'json',
      ]);
      const report = JSON.parse(predicted.stdout);
      expect(report.provenance.error_band.p95_ttft_ms).toBeGreaterThan(0);
      // A search has better things to do than to repeat each trial for its error bands.
      const provenance = { ...report.provenance, error_band: null, intervals: null };
      expect({ ...report, provenance, wall_ms: 0 }).toEqual({ ...summary, wall_ms: 0 });
    }
  });

  it('exits 1 and names the constraint when nothing is feasible', async () => {
    const { code, stdout } = await dynosim(
      ['recommend', '-c', '-', '--ttft-p95', '0.1', '-o', 'none', '--quiet'],
      undefined,
      GOAL,
    );
    expect(code).toBe(1);
    expect(stdout).toContain('p95_ttft_ms <= 0.1');
  });

  it('keeps what finished on Ctrl-C and exits 130', async () => {
    const big = GOAL.replace('requests: 100', 'requests: 4000').replace(
      'max_candidate_gpus: 3',
      'max_candidate_gpus: 24',
    );
    const { code } = await dynosim(
      ['recommend', '-c', '-', '-o', 'partial', '--threads', '2', '--set', 'optimizer.algorithm=exhaustive'],
      /simulated \d+ of/,
      big,
    );
    expect(code).toBe(130);
    const kept = JSON.parse(readFileSync(join(folder, 'partial/recommendation.json'), 'utf8')) as Recommendation;
    expect(kept.truncated).toBe(true);
    expect(kept.points.length + kept.tried.short).toBeGreaterThan(0);
    expect(kept.points.length + kept.tried.short).toBeLessThan(kept.tried.enumerated - kept.tried.bounded_out);
  });
});

describe('predict', () => {
  const FLAGS = [
    'predict',
    '--model',
    'meta-llama/Llama-3.1-8B',
    '--gpu',
    'h100_sxm',
    '--preset',
    'chat',
    '--rps',
    '5',
  ];

  it('writes the same bytes to the same place, and leaves foreign files alone', async () => {
    const first = await dynosim([...FLAGS, '--format', 'json']);
    expect(first.code).toBe(0);
    const [directory] = readdirSync(join(folder, 'dynosim-output')).filter((name) => name.startsWith('predict-'));
    const { config_hash, result_hash } = JSON.parse(first.stdout);
    expect(directory).toBe(`predict-${config_hash.slice(0, 8)}`);
    const second = await dynosim([...FLAGS, '--format', 'json']);
    expect(JSON.parse(second.stdout).result_hash).toBe(result_hash);

    mkdirSync(join(folder, 'mine'));
    writeFileSync(join(folder, 'mine/diary.txt'), 'dear diary');
    const refused = await dynosim([...FLAGS, '-o', 'mine']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--overwrite');
    expect(readdirSync(join(folder, 'mine'))).toEqual(['diary.txt']);
    expect((await dynosim([...FLAGS, '-o', 'mine', '--overwrite'])).code).toBe(0);
  });

  it('writes one row a request', async () => {
    const { code, stdout } = await dynosim([...FLAGS, '--per-request', 'rows.csv', '--format', 'json', '-o', 'rows']);
    expect(code).toBe(0);
    const rows = readFileSync(join(folder, 'rows.csv'), 'utf8').trim().split('\n');
    expect(rows).toHaveLength(JSON.parse(stdout).requests.submitted + 1);
  });

  it('serves the urgent first under policy priority, by the trace or by class', async () => {
    const line = (more: string) => `{"timestamp": 0, "input_length": 512, "output_length": 20, ${more}}\n`;
    const urgent = line('"class": "chat", "priority": -1');
    writeFileSync(join(folder, 'mixed.jsonl'), line('"class": "batch"').repeat(3) + urgent.repeat(2));
    const set = (field: string) => ['--set', field];
    const orderOf = async (name: string, ...fields: string[]): Promise<number[]> => {
      const flags = [
        'predict',
        ...FLAGS.slice(1, 5),
        '--trace',
        'mixed.jsonl',
        '-o',
        name,
        '--per-request',
        `${name}.jsonl`,
      ];
      const one = 'engine.workers.aggregated.scheduler.max_sequences=1';
      expect((await dynosim([...flags, ...set(one), ...fields.flatMap(set)])).code).toBe(0);
      const rows = readFileSync(join(folder, `${name}.jsonl`), 'utf8')
        .trim()
        .split('\n')
        .map((row) => JSON.parse(row));
      return rows.sort((a, b) => a.scheduled_ms - b.scheduled_ms).map(({ request }) => request);
    };
    const policy = 'engine.workers.aggregated.scheduler.policy=priority';
    expect(await orderOf('in-turn')).toEqual([0, 1, 2, 3, 4]);
    // The first is alone when it comes out of the tokenizer.
    expect(await orderOf('urgent', policy)).toEqual([0, 3, 4, 1, 2]);
    expect(await orderOf('by-class', policy, 'traffic.classes={chat: {priority: 9}}')).toEqual([0, 1, 2, 3, 4]);
  });

  it('names a bad line by the path the user typed, and counts it with --skip-bad-lines', async () => {
    mkdirSync(join(folder, 'traces'));
    const good = '{"timestamp": 0, "input_length": 600, "output_length": 10, "hash_ids": [0, 1]}';
    writeFileSync(join(folder, 'traces/own.jsonl'), `${good}\nnonsense\n${good}\n`);
    const flags = [...FLAGS.slice(0, 5), '--trace', 'traces/own.jsonl', '-o', 'own', '--format', 'json'];
    const refused = await dynosim(flags);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toBe('traces/own.jsonl:2: is not JSON\n');
    const counted = await dynosim([...flags, '--skip-bad-lines']);
    expect(counted.code).toBe(0);
    const report = JSON.parse(counted.stdout);
    expect(report.requests.submitted).toBe(2);
    expect(report.provenance.warnings.join()).toMatch(/1 .*line/);
  });

  it('ends quietly when nobody reads on', async () => {
    const { code, stderr } = await dynosim([...FLAGS, '--format', 'json', '-o', 'unread'], undefined, '', true);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(readdirSync(join(folder, 'unread'))).toContain('report.json');
  });

  it("answers a user's mistakes with place and hint, exit 2 and no stack trace", async () => {
    writeFileSync(
      join(folder, 'bad.yaml'),
      GOAL.replace('hardware: {choices: [l40s, h100_sxm]}', 'hardware: h200_smx'),
    );
    const wrong: [string[], RegExp][] = [
      [['recommend', '-c', 'bad.yaml'], /bad\.yaml:3:\d+ engine\.hardware: .*did you mean "h200_sxm"/],
      [['recommend', '-c', 'missing.yaml'], /missing\.yaml: no such file/],
      [['predict', '--modle', 'x'], /Did you mean --model/],
      [['predikt'], /Did you mean predict/],
      [
        [...FLAGS, '--set', 'traffic.load.requests_per_second=-3'],
        /requests_per_second.*must be greater than 0, got -3/,
      ],
      [['predict'], /To start/],
      [['recommend'], /To start/],
      [[...FLAGS, '-o', 'bad.yaml/out'], /--output-dir: cannot write bad\.yaml\/out: a folder on the way is a file/],
      [
        [...FLAGS, '-o', 'rows2', '--per-request', 'bad.yaml/rows.csv'],
        /--per-request: cannot write bad\.yaml\/rows\.csv/,
      ],
      [[...FLAGS, '--skip-bad-lines'], /^--skip-bad-lines: unknown key \(only a trace has lines to skip\)/],
      [
        ['predict', ...FLAGS.slice(1, 3), '--preset', 'chat', '--rps', '5'],
        /^engine\.workers\.aggregated\.hardware: required.*--gpu/,
      ],
      [['predict', '--model', 'meta-llama/Llama-3.1-8B'], /traffic: required \(--trace FILE/],
      [['catalog', 'show', 'h100_sxmm'], /did you mean "h100_sxm"/],
      [['import', 'vllm'], /import vllm: needs the launch command/],
      [['import', 'vlm', 'x'], /import: must be vllm, sglang, trtllm, aisimulate, got "vlm"/],
      [['import', 'vllm', 'vllm serve m --enable-lora'], /--enable-lora: adapters change memory and step time/],
      [['import', 'trtllm', 'trtllm-serve m --config none.yaml'], /none\.yaml: cannot be read: ENOENT/],
      [['deploy', '-c', 'none.yaml'], /none\.yaml: no such file/],
    ];
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await dynosim(args);
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(code).toBe(2);
      expect(stdout).toBe('');
    }
  });
});

describe('adapt', () => {
  /** Ten minutes of six requests a second, ten of one, and both again. */
  const moods = [0, 1, 2, 3].flatMap((stretch) => {
    const gapMs = stretch % 2 === 0 ? 165 : 1000;
    return Array.from({ length: Math.floor(600_000 / gapMs) }, (_, i) => ({
      timestamp: stretch * 600_000 + i * gapMs,
      input_length: 300 + ((i * 37) % 200),
      output_length: 20,
      hash_ids: [stretch * 10_000 + i],
    }));
  });
  const goal = (ttftMs: number): string => `
traffic: {source: {type: trace, format: mooncake, path: moods.jsonl}}
engine: {model: Qwen/Qwen3-8B, hardware: h100_sxm, mode: aggregated, context_length: 4096, workers: {aggregated: {
  parallelism: {tensor: 1},
  startup: {provisioning_seconds: 20, load_gb_per_second: null, warmup_seconds: 10},
  scheduler: {max_batched_tokens: 512},
  timing: {type: linear, base_ms: 10, per_prefill_token_ms: 1, per_sequence_ms: 0.1, per_context_token_ms: 0.0001}}}}
router: {policy: least_loaded}
evaluation: {slo: {ttft_ms: {p95: ${ttftMs}}}}
optimization: {constraints: {max_candidate_gpus: 8}}
`;
  const adapt = (name: string, ...rest: string[]) =>
    dynosim(['adapt', '-c', `${name}.yaml`, '-o', name, '--window-seconds', '150', '--format', 'json', ...rest]);

  it('writes a schedule, what it was compared with, and files that predict runs over the whole workload', async () => {
    writeFileSync(join(folder, 'moods.jsonl'), moods.map((row) => `${JSON.stringify(row)}\n`).join(''));
    writeFileSync(join(folder, 'moods.yaml'), goal(2000));
    const { code, stdout } = await adapt('moods');
    expect(code).toBe(0);
    const adaptation = JSON.parse(stdout) as Adaptation;
    expect(Object.keys(adaptation)).toEqual([
      'config_hash',
      'train',
      'test',
      'windows',
      'segments',
      'switches',
      'scores',
      'simulations',
      'left_out',
    ]);
    expect(adaptation.train.requests + adaptation.test.requests).toBe(moods.length);
    expect(adaptation.segments.map(({ deployment }) => deployment)).toHaveLength(2);
    expect(JSON.parse(readFileSync(join(folder, 'moods/adaptation.json'), 'utf8'))).toEqual(adaptation);
    const names = ['schedule', 'best_static', 'best_autoscaled', 'hindsight'] as const;
    expect(Object.keys(adaptation.scores)).toEqual(names);
    expect(readdirSync(join(folder, 'moods')).sort()).toEqual(
      ['adaptation.json', 'report.html', ...names.map((name) => `${name}.yaml`)].sort(),
    );
    const again = await dynosim(['predict', '-c', 'moods/schedule.yaml', '-o', 'schedule', '--format', 'json']);
    expect(again.code).toBe(0);
    const { requests, fleet, slo } = JSON.parse(again.stdout) as Report;
    expect(requests.completed).toBe(moods.length);
    // What the beginning needs is there when it comes again.
    expect(slo.attained_ratio).toBe(1);
    // Once through what it was chosen on, and once more.
    const { scale_events } = adaptation.scores.schedule!;
    expect(scale_events).toBeGreaterThan(0);
    expect(fleet.scale_events).toBeGreaterThan(scale_events);
  });

  it('fails where nothing keeps the SLO, and refuses in one line what it cannot read', async () => {
    writeFileSync(join(folder, 'hopeless.yaml'), goal(1));
    const hopeless = await adapt('hopeless');
    expect(hopeless.code).toBe(1);
    expect((JSON.parse(hopeless.stdout) as Adaptation).scores.schedule).toBeNull();
    const wrong = await adapt('moods', '--train-share', '2', '--overwrite');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr.trim().split('\n')).toHaveLength(1);
    expect(wrong.stdout).toBe('');
  });
});

describe('catalog and schema', () => {
  it('print what they say', async () => {
    expect((await dynosim(['catalog', 'models'])).stdout).toContain('meta-llama/Llama-3.1-70B');
    expect((await dynosim(['catalog', 'hardware'])).stdout).toContain('h200_sxm');
    expect((await dynosim(['catalog', 'engines'])).stdout).toContain('semantics.fullIslGate');
    expect((await dynosim(['catalog', 'show', 'l40s'])).stdout).toMatch(/id: l40s/);
    expect((await dynosim(['catalog', 'show', 'vllm@0.19.0'])).stdout).toMatch(/version: 0\.19\.0/);
    expect(JSON.parse((await dynosim(['schema', 'recommend'])).stdout).properties).toHaveProperty('optimization');
  });
});

describe('dynosim inspect', () => {
  it('shows a trace and a configuration side by side', async () => {
    const names = ['examples/traces/chat-30min.jsonl', 'examples/disaggregated.yaml'].map((name) => join(ROOT, name));
    const { code, stdout } = await dynosim(['inspect', ...names]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/requests +│ 2,000 +│ 1,000/);
    expect(stdout).toContain('arrivals over');
    const { stdout: json } = await dynosim(['inspect', names[0], '--format', 'json']);
    expect(JSON.parse(json)[0].summary).toMatchObject({ requests: 2000, sessions: 568 });
  });

  it('says in one line that there is no such trace', async () => {
    const { code, stderr } = await dynosim(['inspect', 'nowhere.jsonl']);
    expect([code, stderr]).toEqual([2, 'nowhere.jsonl: no such file\n']);
  });
});
