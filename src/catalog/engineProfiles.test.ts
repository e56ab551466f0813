import { describe, expect, test } from 'vitest';
import { messageOf } from '../../test/support/messageOf.ts';
import { LATEST_SEMANTICS } from '../engine/vllm/vllmConfig.ts';
import { settingOf } from './engineProfile.ts';
import { listEngineProfiles, matchProfile, newestProfile } from './engineProfiles.ts';
import { compareVersions, isSince, parseVersion } from './engineVersion.ts';

const setting = (backend: 'vllm' | 'sglang' | 'trtllm', version: string, path: string) =>
  settingOf(matchProfile(backend, version).profile, path);

describe('versions', () => {
  test.each([
    ['0.19.0', [0, 19, 0]],
    ['v0.19', [0, 19, 0]],
    ['0.5.6.post2', [0, 5, 6]],
    ['1.3.0rc23', [1, 3, 0]],
    ['1.2.0rc6.post1', [1, 2, 0]],
    ['0.27.2.dev17+g1234abc', [0, 27, 2]],
    ['latest', null],
    ['19', null],
    ['1.2.3.4', null],
  ])('%s', (text, version) => {
    expect(parseVersion(text)).toEqual(version);
  });

  test('are compared by number, not by letter', () => {
    expect(isSince('0.10.0', '0.9.2')).toBe(true);
    expect(isSince('0.9.2', '0.10.0')).toBe(false);
    expect(compareVersions([1, 2, 3], [1, 2, 3])).toBe(0);
  });
});

describe('profiles', () => {
  test('stand in order of version, and every figure has a source', () => {
    for (const [index, profile] of listEngineProfiles().entries()) {
      const before = listEngineProfiles()[index - 1];
      if (before?.backend === profile.backend) {
        expect(compareVersions(parseVersion(before.version)!, parseVersion(profile.version)!)).toBeLessThan(0);
      }
      for (const [path, { source, sourced }] of profile.settings) {
        expect(source.length, `${profile.backend} ${profile.version} ${path}`).toBeGreaterThan(10);
        expect(typeof sourced).toBe('boolean');
      }
    }
  });

  test('the newest vLLM decides as its core does by default, and each version names every rule', () => {
    const rules = Object.keys(LATEST_SEMANTICS);
    for (const { backend, settings } of listEngineProfiles()) {
      if (backend !== 'vllm') continue;
      const named = [...settings.keys()].filter((path) => path.startsWith('semantics.'));
      expect(named.map((path) => path.slice('semantics.'.length)).sort()).toEqual([...rules].sort());
    }
    for (const [rule, value] of Object.entries(LATEST_SEMANTICS)) {
      expect(settingOf(newestProfile('vllm'), `semantics.${rule}`), rule).toBe(value);
    }
  });

  // Rows of the release notes and commits that the data cites.
  test.each([
    ['0.18.0', 'semantics.fullIslGate', false],
    ['0.19.0', 'semantics.fullIslGate', true],
    ['0.20.1', 'kv_cache.capacity.memory_fraction', 0.9],
    ['0.21.0', 'kv_cache.capacity.memory_fraction', 0.92],
    ['0.22.1', 'semantics.unhashedFreedFirst', false],
    ['0.24.0', 'semantics.unhashedFreedFirst', true],
    ['0.27.1', 'semantics.windowRetentionTokens', null],
    ['0.28.0', 'semantics.windowRetentionTokens', 0],
  ])('vLLM %s: %s is %s', (version, path, value) => {
    expect(setting('vllm', version, path)).toBe(value);
  });

  test('SGLang drops generated tokens between November 2025 and February 2026', () => {
    expect(setting('sglang', '0.5.6.post2', 'semantics.keepsGenerated')).toBe(false);
    expect(setting('sglang', '0.5.9', 'semantics.keepsGenerated')).toBe(true);
  });
});

describe('matchProfile', () => {
  const match = (backend: 'vllm' | 'sglang' | 'trtllm', version: string) => {
    const { profile, warning } = matchProfile(backend, version);
    return [profile.version, warning];
  };

  test('patches of a known release are known', () => {
    expect(match('vllm', '0.27.1')).toEqual(['0.27.0', null]);
    expect(match('trtllm', '1.2.0rc6.post1')).toEqual(['1.2.0', null]);
    expect(match('sglang', '0.5.6.post2')).toEqual(['0.5.6', null]);
  });

  test('an unknown one takes the nearest that is not newer, and says so', () => {
    expect(match('vllm', '0.13.0')).toEqual([
      '0.12.0',
      'no profile of vLLM 0.13.0: defaults and scheduling rules are those of 0.12.0, the newest before it',
    ]);
    expect(match('sglang', '0.5.10')[0]).toBe('0.5.9');
    expect(match('sglang', '0.5.10')[1]).toContain('no profile of SGLang 0.5.10');
    expect(match('vllm', '0.99')[0]).toBe(newestProfile('vllm').version);
    expect(match('vllm', '0.6.0')[1]).toContain('those of 0.8.5, the oldest known');
  });

  test('what is no version is refused', () => {
    expect(messageOf(() => matchProfile('vllm', 'latest'))).toBe(
      'must be a version such as 0.28.0, got "latest" (dynosim catalog engines lists those with a profile)',
    );
  });
});
