/** A release: its numbers, and what follows them (`rc5`, `post2`), which tells no profiles apart. */
export type Version = readonly [major: number, minor: number, patch: number];

const PATTERN = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[.\-+]?(?:a|b|rc|post|dev)[\w.+-]*|\+[\w.]+)?$/i;

/** `0.19.0`, `v0.19`, `0.5.6.post2`, `1.3.0rc23`; null for anything else. */
export function parseVersion(text: string): Version | null {
  const match = PATTERN.exec(text.trim());
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

/** Below 0 when `a` is the older. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Whether `version` is `since` or newer. Both must be versions. */
export function isSince(version: string, since: string): boolean {
  return compareVersions(parseVersion(version)!, parseVersion(since)!) >= 0;
}
