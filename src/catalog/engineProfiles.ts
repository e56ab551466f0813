import { InputError } from '../base/inputError.ts';
import type { Backend, EngineProfile } from './engineProfile.ts';
import sglang from './engines/sglang.json' with { type: 'json' };
import trtllm from './engines/trtllm.json' with { type: 'json' };
import vllm from './engines/vllm.json' with { type: 'json' };
import { compareVersions, parseVersion, type Version } from './engineVersion.ts';
import type { Sourced } from './hardware.ts';

/** A release holds what changed since the one before it. */
interface EngineFile {
  readonly backend: string;
  readonly name: string;
  /** Digits of a version in which releases differ; the rest are patches. */
  readonly release_digits: number;
  readonly releases: readonly {
    readonly version: string;
    readonly date: string | null;
    readonly settings: Readonly<Record<string, Sourced<unknown> | undefined>>;
  }[];
}

const FILES: readonly EngineFile[] = [vllm, sglang, trtllm];

const PROFILES: readonly EngineProfile[] = FILES.flatMap(readEngineFile);

function readEngineFile({ backend, name, releases }: EngineFile): EngineProfile[] {
  let settings: ReadonlyMap<string, Sourced<unknown>> = new Map();
  return releases.map(({ version, date, settings: changed }) => {
    settings = new Map([...settings, ...(Object.entries(changed) as [string, Sourced<unknown>][])]);
    return { backend: backend as Backend, name, version, date, settings };
  });
}

/** Every profile, by backend from the oldest version to the newest. */
export function listEngineProfiles(): readonly EngineProfile[] {
  return PROFILES;
}

/** The profile a backend has by default. */
export function newestProfile(backend: Backend): EngineProfile {
  return PROFILES.findLast((profile) => profile.backend === backend)!;
}

export interface ProfileMatch {
  readonly profile: EngineProfile;
  /** Why it may not be what was asked for; null for a known release and its patches. */
  readonly warning: string | null;
}

/**
 * The newest profile that is not newer than `version`.
 * @throws InputError without path for text that is no version.
 */
export function matchProfile(backend: Backend, version: string): ProfileMatch {
  const wanted = parseVersion(version);
  const known = PROFILES.filter((profile) => profile.backend === backend);
  if (wanted === null) {
    throw new InputError({
      message: `must be a version such as ${known.at(-1)!.version}, got "${version}"`,
      hint: `dynosim catalog engines lists those with a profile`,
    });
  }
  const versionOf = (profile: EngineProfile): Version => parseVersion(profile.version)!;
  const notNewer = known.findLast((profile) => compareVersions(versionOf(profile), wanted) <= 0);
  const profile = notNewer ?? known[0];
  const digits = FILES.find((file) => file.backend === backend)!.release_digits;
  const isKnown = versionOf(profile).every((digit, index) => index >= digits || digit === wanted[index]);
  const relation = notNewer === undefined ? 'the oldest known' : 'the newest before it';
  return {
    profile,
    warning: isKnown
      ? null
      : `no profile of ${profile.name} ${version}: defaults and scheduling rules are those of ${profile.version}, ${relation}`,
  };
}
