import * as semver from "semver";

/** A tag that is a version: `v1.19.0-unprivileged` is 1.19.0 between `v` and `-unprivileged`. */
interface VersionTag {
  before: string;
  version: string;
  after: string;
}

function versionIn(tag: string): VersionTag | undefined {
  const [, before, version, after] = /^(v?)(\d+\.\d+\.\d+)(-[A-Za-z].*)?$/.exec(tag) ?? [];
  if (version === undefined || semver.valid(version) === null) return undefined;
  return { before, version, after: after ?? "" };
}

export interface NewerTags {
  /** The newest tag of the same line. */
  line?: string;
  /** The newest tag of a later line. */
  beyond?: string;
}

/**
 * Newer tags of the kind that `tag` is of. A line is what semantic versioning calls compatible:
 * the same major version, and below 1 the same minor version. What is behind the version makes the
 * kind, so that a pre-release or a variant is never taken for a release. Undefined for a tag that is
 * no version.
 */
export function newerTags(tag: string, tags: readonly string[]): NewerTags | undefined {
  const current = versionIn(tag);
  if (current === undefined) return undefined;
  const newer = tags
    .map((candidate) => ({ candidate, parsed: versionIn(candidate) }))
    .flatMap(({ candidate, parsed }) =>
      parsed !== undefined &&
      parsed.before === current.before &&
      parsed.after === current.after &&
      semver.gt(parsed.version, current.version)
        ? [{ candidate, version: parsed.version }]
        : [],
    )
    .sort((a, b) => semver.rcompare(a.version, b.version));
  const inLine = ({ version }: { version: string }) =>
    semver.satisfies(version, `^${current.version}`);
  return {
    line: newer.find(inLine)?.candidate,
    beyond: newer.find((one) => !inLine(one))?.candidate,
  };
}
