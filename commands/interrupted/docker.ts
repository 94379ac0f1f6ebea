import type Docker from "dockerode";
import type { Thing, Things } from "./things";

/** Volumes of files that the stack itself writes. All others hold data. */
const FILES = /-(identity|(config|secrets|trust)-[0-9a-f]+)$/;

/** Seconds for a container that does not say how long it may take to end. */
const GRACE = 10;

const hasStatus = (error: unknown, ...codes: number[]): boolean =>
  codes.includes((error as { statusCode?: number }).statusCode ?? 0);

async function removeContainer(docker: Docker, id: string): Promise<void> {
  const container = docker.getContainer(id);
  try {
    const { Config } = await container.inspect();
    const { StopTimeout = GRACE } = Config as { StopTimeout?: number };
    // 304: it did not run.
    await container.stop({ t: StopTimeout }).catch((error: unknown) => {
      if (!hasStatus(error, 304)) throw error;
    });
    await container.remove({ force: true, v: true });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

/**
 * What a stack has on a Docker host.
 *
 * @param patient a client of the same host that waits for as long as a container may take to end.
 */
export function dockerThings(docker: Docker, patient: Docker, stack: string): Things {
  const filters = { label: [`tracekeep.stack=${stack}`] };
  return {
    list: async () => {
      const containers = await docker.listContainers({ all: true, filters });
      const networks = await docker.listNetworks({ filters });
      const { Volumes } = await docker.listVolumes({ filters });
      return [
        ...containers.map(({ Id, Names }): Thing => {
          const name = (Names[0] ?? "").replace(/^\//, "");
          return { kind: "container", id: Id, name, isData: false };
        }),
        ...networks.map(({ Id, Name }): Thing => ({
          kind: "network",
          id: Id,
          name: Name,
          isData: false,
        })),
        ...Volumes.map(({ Name }): Thing => ({
          kind: "volume",
          id: Name,
          name: Name,
          isData: !FILES.test(Name),
        })),
      ];
    },
    remove: ({ kind, id }) => {
      if (kind === "container") return removeContainer(patient, id);
      const thing = kind === "network" ? docker.getNetwork(id) : docker.getVolume(id);
      return (thing.remove() as Promise<unknown>).then(
        () => undefined,
        (error: unknown) => {
          // 403, 409: something uses it, so that it is not for nothing.
          if (!hasStatus(error, 403, 404, 409)) throw error;
        },
      );
    },
  };
}
