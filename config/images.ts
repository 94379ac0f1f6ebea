import { lockedOf, type ImageName } from "./images-lock";
import type { StackConfig } from "./parse";
import type { ImageUser } from "./services";

export interface Image extends ImageName {
  /** Licence of what is in it, as SPDX names it. */
  licence: string;
  /** Where its makers build it from. */
  source: string;
  /** User and group ids that it runs as: those that the image is made for, where nothing else is said. */
  user: { uid: number; gid: number };
  /** Where the data that is kept lies in the container. */
  data: string;
}

const COLLECTOR: Image = {
  repository: "docker.io/otel/opentelemetry-collector-contrib",
  tag: "0.159.0",
  licence: "Apache-2.0",
  source: "https://github.com/open-telemetry/opentelemetry-collector-releases",
  user: { uid: 10001, gid: 10001 },
  data: "/var/lib/otelcol",
};

/** The images that this version of the stack was built and checked for. */
export const IMAGES: Readonly<Record<ImageUser, Image>> = {
  tempo: {
    repository: "docker.io/grafana/tempo",
    tag: "3.0.3",
    licence: "AGPL-3.0-only",
    source: "https://github.com/grafana/tempo",
    user: { uid: 10001, gid: 10001 },
    data: "/var/tempo",
  },
  collector: COLLECTOR,
  prometheus: {
    repository: "docker.io/prom/prometheus",
    tag: "v3.14.0",
    licence: "Apache-2.0",
    source: "https://github.com/prometheus/prometheus",
    user: { uid: 65534, gid: 65534 },
    data: "/prometheus",
  },
  loki: {
    repository: "docker.io/grafana/loki",
    tag: "3.7.6",
    licence: "AGPL-3.0-only",
    source: "https://github.com/grafana/loki",
    user: { uid: 10001, gid: 10001 },
    data: "/loki",
  },
  grafana: {
    repository: "docker.io/grafana/grafana",
    tag: "13.2.0",
    licence: "AGPL-3.0-only",
    source: "https://github.com/grafana/grafana",
    user: { uid: 472, gid: 0 },
    data: "/var/lib/grafana",
  },
  jaeger: {
    repository: "docker.io/jaegertracing/jaeger",
    tag: "2.20.0",
    licence: "Apache-2.0",
    source: "https://github.com/jaegertracing/jaeger",
    user: { uid: 10001, gid: 10001 },
    data: "/badger",
  },
  qdrant: {
    repository: "docker.io/qdrant/qdrant",
    tag: "v1.19.0-unprivileged",
    licence: "Apache-2.0",
    source: "https://github.com/qdrant/qdrant",
    user: { uid: 1000, gid: 1000 },
    data: "/qdrant/storage",
  },
  alertmanager: {
    repository: "docker.io/prom/alertmanager",
    tag: "v0.34.0",
    licence: "Apache-2.0",
    source: "https://github.com/prometheus/alertmanager",
    user: { uid: 65534, gid: 65534 },
    data: "/alertmanager",
  },
  "collector-gateway": COLLECTOR,
  "log-agent": {
    ...COLLECTOR,
    // Docker's log files are root's alone. It has none of root's capabilities.
    user: { uid: 0, gid: 0 },
  },
  guard: {
    repository: "docker.io/library/haproxy",
    tag: "3.4.6",
    licence: "GPL-2.0-or-later",
    source: "https://github.com/haproxy/haproxy",
    // It runs as the user of the store that it stands before, and keeps nothing.
    user: { uid: 99, gid: 99 },
    data: "/var/lib/haproxy",
  },
};

/** Where a repository's images are taken from: there, or at the mirror if there is one. */
export function repositoryAt(registry: string | undefined, repository: string): string {
  if (registry === undefined) return repository;
  return `${registry.replace(/\/+$/, "")}/${repository.replace(/^docker\.io\//, "")}`;
}

/**
 * Reference of a service's image: the override, else the pinned one, at the mirror if there is one.
 * It ends with the digest where the lock has it; a mirror that keeps digests has the same.
 */
export function imageOf(config: StackConfig, service: ImageUser): string {
  const override = config.images.overrides[service];
  if (override !== undefined) return override;
  const { repository, tag } = IMAGES[service];
  const locked = lockedOf(config.imagesLock, IMAGES[service]);
  const name = `${repositoryAt(config.images.registry, repository)}:${tag}`;
  return locked === undefined ? name : `${name}@${locked.digest}`;
}
