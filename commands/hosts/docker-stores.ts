import * as path from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { StackConfig } from "../../config/parse";
import type { Workload } from "../../targets/workload";
import type { Stores } from "./stores";

/** Milliseconds within which a service is well again after its copy: it may have a log to replay. */
const WELL_WITHIN = 300_000;

const statusOf = (error: unknown) => (error as { statusCode?: number }).statusCode;

/** Waits until a container is as well as can be known. @throws {Error} if it is not in time. */
async function untilWell(container: Docker.Container, name: string): Promise<void> {
  const end = Date.now() + WELL_WITHIN;
  for (;;) {
    const { State } = await container.inspect();
    if (State.Running && (State.Health === undefined || State.Health.Status === "healthy")) return;
    if (Date.now() > end) {
      throw new Error(`${name} was started again and is not well: see \`docker logs ${name}\`.`);
    }
    await sleep(500);
  }
}

/** Exit code of a process that SIGKILL ended. */
const KILLED = 137;

async function warnIfKilled(container: Docker.Container, { name, stopGrace }: Workload) {
  if ((await container.inspect()).State.ExitCode !== KILLED) return;
  process.stderr.write(
    `  ${name} did not end within ${stopGrace} s and was killed: its part is what a crash leaves.\n`,
  );
}

/** Removes what may not be there. */
async function unlessGone(removing: Promise<unknown>): Promise<void> {
  try {
    await removing;
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

/** Has the daemon unpack a tar in a container. @throws {Error} of the tar's source, if that is it. */
async function unpack(container: Docker.Container, tar: Readable, directory: string) {
  const stop = new AbortController();
  let cause: Error | undefined;
  tar.once("error", (error) => {
    cause = error;
    stop.abort();
  });
  try {
    await container.putArchive(tar, { path: directory, abortSignal: stop.signal });
  } catch (error) {
    throw cause ?? error;
  }
}

/** Gets an image that is not there. */
async function ensureImage(docker: Docker, image: string): Promise<void> {
  try {
    await docker.getImage(image).inspect();
    return;
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
  try {
    const pulling = await docker.pull(image);
    await new Promise<void>((resolve, reject) => {
      docker.modem.followProgress(pulling, (error: Error | null) =>
        error ? reject(error) : resolve(),
      );
    });
  } catch (error) {
    throw new Error(
      `The Docker host lacks ${image} and does not get it: ${(error as Error).message}. ` +
        "Bring it (docs/images.md), then run this again.",
    );
  }
}

/** The stores of a stack in the volumes of a Docker host. Nothing runs for it: the daemon reads and writes. */
export function dockerStores({ stack, namePrefix }: StackConfig, docker: Docker): Stores {
  const nameOf = (workload: Workload) => `${namePrefix}-${workload.name}`;
  const volumeOf = (workload: Workload) => `${nameOf(workload)}-data`;
  const dataOf = ({ name, storage }: Workload): string => {
    if (storage === undefined) throw new Error(`${name} keeps nothing`);
    return storage.path;
  };
  const start = async (workload: Workload): Promise<void> => {
    const container = docker.getContainer(nameOf(workload));
    const { State } = await container.inspect();
    if (State.Paused) await container.unpause();
    else if (!State.Running) await container.start();
    await untilWell(container, nameOf(workload));
  };
  const copyWhile = async (
    still: (container: Docker.Container) => Promise<unknown>,
    workload: Workload,
    work: (tar: Readable) => Promise<void>,
  ): Promise<void> => {
    const container = docker.getContainer(nameOf(workload));
    const { State } = await container.inspect();
    if (!State.Running)
      throw new Error(`${nameOf(workload)} is not running: \`npm run up\` first.`);
    try {
      await still(container);
      const tar = (await container.getArchive({ path: dataOf(workload) })) as Readable;
      try {
        await work(tar);
      } finally {
        tar.destroy();
      }
    } finally {
      await start(workload);
    }
  };
  return {
    occupied: async () => {
      const filters = { label: [`tracekeep.stack=${stack}`] };
      const containers = await docker.listContainers({ all: true, filters });
      const { Volumes } = await docker.listVolumes({ filters });
      return [
        ...containers.map(({ Names }) => `container ${Names[0].slice(1)}`),
        ...Volumes.map(({ Name }) => `volume ${Name}`),
      ].sort();
    },
    copy: (workload, work) =>
      copyWhile(
        async (container) => {
          await container.stop({ t: workload.stopGrace });
          await warnIfKilled(container, workload);
        },
        workload,
        work,
      ),
    copyFrozen: (workload, work) => copyWhile((container) => container.pause(), workload, work),
    start,
    fill: async (workload, tar) => {
      const name = volumeOf(workload);
      const data = dataOf(workload);
      const between = docker.getContainer(`${nameOf(workload)}-restore`);
      await ensureImage(docker, workload.image);
      // What an interrupted restore left is not half of anything.
      await unlessGone(between.remove({ force: true }));
      await unlessGone(docker.getVolume(name).remove());
      await docker.createVolume({
        Name: name,
        Driver: "local",
        Labels: { "tracekeep.service": workload.name, "tracekeep.stack": stack },
      });
      // Created and never started: it only shows the daemon where the volume is.
      await docker.createContainer({
        name: `${nameOf(workload)}-restore`,
        Image: workload.image,
        Entrypoint: ["/nothing"],
        HostConfig: { Binds: [`${name}:${data}`], NetworkMode: "none" },
        Labels: { "tracekeep.stack": stack },
      });
      try {
        await unpack(between, tar, path.posix.dirname(data));
      } finally {
        await between.remove({ force: true });
      }
    },
  };
}
