import type Docker from "dockerode";
import { splitHostPort } from "../../components/verification/client";
import type { StackConfig } from "../../config/parse";
import type { DialledService } from "../../config/services";
import { containerLayout } from "../../targets/container-layout";
import { editedFiles, strangers } from "../drift/docker";
import { checkDocker, dockerHost } from "../docker";
import { dockerFault } from "../docker-faults";
import { checkImages } from "../host-images";
import { checkNames } from "../host-names";
import { checkPorts } from "../host-ports";
import { dockerThings } from "../interrupted/docker";
import { unwellContainers } from "../unwell";
import { dockerStores } from "./docker-stores";
import type { Host, HostKind, ReadLog } from "./host";

/** Milliseconds of silence of a daemon that stops a service or moves data. */
const PATIENCE = 600_000;

const CONTAINER = "docker:index/container:Container";

/** Names of the volumes of a stack that are on the host, sorted. */
async function volumesOf(stack: string, docker: Docker): Promise<string[]> {
  const filters = { label: [`tracekeep.stack=${stack}`] };
  const { Volumes } = await docker.listVolumes({ filters });
  return Volumes.map(({ Name }) => Name).sort();
}

async function open(config: StackConfig): Promise<Host> {
  const { stack } = config;
  const { docker } = await checkDocker(stack, config.docker);
  return {
    checkRoom: async () => {
      await checkNames(config, docker);
      await checkPorts(config, docker);
      await checkImages(config, docker);
    },
    unwell: () => unwellContainers(stack, docker),
    dataVolumes: () => volumesOf(stack, docker),
    deleteDataVolume: async (name) => void (await docker.getVolume(name).remove()),
    drift: async (resources) => {
      const containers = resources.filter(({ type }) => type === CONTAINER);
      return [
        ...(await editedFiles(docker, containers)),
        ...(await strangers(docker, stack, containers)),
      ];
    },
    // A store may be large, and a service slow to end.
    stores: () => dockerStores(config, dockerHost(config.docker, PATIENCE).docker),
    faultIn: (messages) => dockerFault(config, messages),
    things: dockerThings(docker, dockerHost(config.docker, PATIENCE).docker, stack),
  };
}

/** The newest container's log of each service, or of what stands beside it. */
function logs({ stack, docker: options }: StackConfig): ReadLog {
  return async (service, beside = service) => {
    const { docker } = dockerHost(options, 5000);
    const label = [`tracekeep.stack=${stack}`, `tracekeep.service=${beside}`];
    const containers = await docker.listContainers({ filters: { label } });
    const [newest] = containers.sort((a, b) => b.Created - a.Created);
    if (newest === undefined) return "";
    const log = await docker
      .getContainer(newest.Id)
      .logs({ stdout: true, stderr: true, tail: 500, follow: false });
    return log.toString("utf8");
  };
}

/** `host:port` at which a service is dialled, with a host that stands in its certificate. */
export function dialled(config: StackConfig, service: DialledService, published: string): string {
  const { host, port } = splitHostPort(published);
  const [name] = config.hostNames[service];
  // Not every TLS library checks addresses, so the loopback goes by its name.
  if (host.startsWith("127.")) return `localhost:${port}`;
  return `${name ?? host}:${port}`;
}

export const dockerKind: HostKind = {
  label: ({ docker }) => `Docker at ${docker.host}`,
  isFar: ({ docker }) => !docker.host.startsWith("unix://"),
  open,
  // They are there when `up` has ended.
  filesWithin: 0,
  logs,
  way: (...of) => ({ address: dialled(...of) }),
  formats: {},
  layout: containerLayout,
  // A container has no document of its own: what it is made of stands in the list of resources.
  manifests: () => new Map(),
};
