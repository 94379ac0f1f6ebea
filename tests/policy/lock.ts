import type { ImagesLock } from "../../config/images-lock";

const common = { licence: "Apache-2.0", source: "https://example.org" };
const locked = (repository: string) => ({
  repository,
  tag: "1",
  digest: `sha256:${"0a".repeat(32)}`,
  platforms: {},
  ...common,
});

/** A lock with images that are locked and one that is not, in place of this checkout's own. */
export const readLock = (): ImagesLock => ({
  version: 1,
  images: [
    locked("docker.io/example/locked"),
    locked("docker.io/example/another"),
    { repository: "docker.io/example/open", tag: "1", digest: null, reason: "a test", ...common },
  ],
});

export const LOCKED_TAG = "docker.io/example/locked:1";
export const OPEN_TAG = "docker.io/example/open:1";
