import type Docker from "dockerode";

/** Lines of each container's log that are shown. */
const LINES = 5;

/** A frame's header in a log of two streams: stream, three zeros, length. */
const HEADERS = /[\x00-\x02]\x00{3}[^]{4}/g;

/** Whether a container's status is one of trouble. What ran once and ended well is not. */
const isUnwell = ({ State, Status }: Docker.ContainerInfo): boolean =>
  State === "restarting" ||
  State === "dead" ||
  (State === "exited" && !Status.startsWith("Exited (0)")) ||
  (State === "running" && /\((unhealthy|health: starting)\)/.test(Status));

async function lastLines(container: Docker.Container): Promise<string[]> {
  const log = await container.logs({ stdout: true, stderr: true, tail: LINES, follow: false });
  const lines = log.toString("utf8").replace(HEADERS, "").trimEnd().split("\n");
  return lines.filter((line) => line !== "").slice(-LINES);
}

/**
 * The containers of a stack that do not run well, each with the end of what it wrote; empty if there
 * are none, or if the daemon does not say.
 */
export async function unwellContainers(stack: string, docker: Docker): Promise<string> {
  try {
    const filters = { label: [`tracekeep.stack=${stack}`] };
    const unwell = (await docker.listContainers({ all: true, filters })).filter(isUnwell);
    const texts = unwell.map(async ({ Id, Names, Status }) => {
      const name = Names[0].replace(/^\//, "");
      const lines = await lastLines(docker.getContainer(Id));
      const wrote = lines.length > 0 ? "; it wrote last:" : "; it wrote nothing.";
      return [`${name} is not well (${Status})${wrote}`, ...lines.map((line) => `  ${line}`)];
    });
    return (await Promise.all(texts))
      .flat()
      .map((line) => `${line}\n`)
      .join("");
  } catch {
    return "";
  }
}
