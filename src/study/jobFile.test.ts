import { spawnSync } from 'node:child_process';
import { Job } from 'kubernetes-models/batch/v1';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { InputError } from '../base/inputError.ts';
import { jobFile } from './jobFile.ts';

const COMMAND = {
  words: ['recommend', '-c', "it's a goal.yaml", '--set', 'traffic.load={concurrency: 8}', '--study', 'all.db'],
  shards: 8,
  folder: '/data/my sweeps',
  version: '1.2.3',
};

/** What a shell makes of the line that begins with `exec dynosim`, the variables set: one word a line. */
function wordsIn(script: string, environment: Record<string, string>): string[] {
  const line = script.slice(script.indexOf('exec dynosim')).replace('exec dynosim', "printf '%s\\n'");
  const { stdout } = spawnSync('sh', ['-c', line], { env: environment, encoding: 'utf8' });
  return stdout.trimEnd().split('\n');
}

describe('a job file', () => {
  it('is a Slurm array that runs the same words with one shard each', () => {
    const script = jobFile('sweep.sbatch', COMMAND);
    expect(script).toMatch(/^#!\/bin\/bash\n(#SBATCH --[a-z-]+=\S+\n)+set -euo pipefail\n/);
    expect(script).toContain('#SBATCH --array=0-7\n');
    expect(script).toContain("cd '/data/my sweeps'\n");
    expect(wordsIn(script, { SLURM_CPUS_PER_TASK: '4', SLURM_ARRAY_TASK_ID: '5' })).toEqual([
      ...COMMAND.words,
      '--threads',
      '4',
      '--shard',
      '5/8',
    ]);
  });

  it('is a Kubernetes Indexed Job that the API would accept', () => {
    const manifest = parse(jobFile('sweep.yaml', COMMAND));
    new Job(manifest).validate();
    expect(() => new Job({ ...manifest, spec: { ...manifest.spec, completions: 'eight' } }).validate()).toThrow();
    expect(manifest.spec).toMatchObject({ completionMode: 'Indexed', completions: 8, parallelism: 8 });
    const [container] = manifest.spec.template.spec.containers;
    const [shell, flag, line] = container.command;
    expect([shell, flag]).toEqual(['sh', '-c']);
    expect(wordsIn(line, { JOB_COMPLETION_INDEX: '7' })).toEqual([...COMMAND.words, '--shard', '7/8']);
  });

  it('has a name that says which', () => {
    expect(() => jobFile('sweep.txt', COMMAND)).toThrow(InputError);
  });
});
