/** Where the API of a repository's registry is. */
export interface Location {
  /** The registry, as references and credentials name it. */
  registry: string;
  /** Host, and port, that answers. */
  host: string;
  /** The repository's name there. */
  path: string;
}

/** The one registry whose API is at another host than its name says. */
const API_HOSTS: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

/** Where a repository such as `docker.io/grafana/tempo` is asked for. */
export function locate(repository: string): Location {
  const slash = repository.indexOf("/");
  const registry = repository.slice(0, slash);
  return {
    registry,
    host: API_HOSTS[registry] ?? registry,
    path: repository.slice(slash + 1),
  };
}
