import type Docker from "dockerode";
import { createTwoFilesPatch } from "diff";
import { extract } from "tar-stream";
import type { Finding, StateResource } from "./finding";

/** A file as the stack wrote it. */
interface Written {
  path: string;
  content: string;
  /** Whether its text may be shown. */
  isSecret: boolean;
}

interface Upload {
  file: string;
  content: unknown;
}

/** Lines of a difference that are shown. */
const LINES = 12;

/** A secret of an exported state: its value as JSON. */
function plain(value: unknown): { text: string; isSecret: boolean } {
  if (typeof value === "string") return { text: value, isSecret: false };
  const { plaintext } = value as { plaintext: string };
  return { text: JSON.parse(plaintext) as string, isSecret: true };
}

function writtenBy({ inputs }: StateResource): Written[] {
  const uploads = inputs.uploads as Upload[] | { plaintext: string } | undefined;
  const list = Array.isArray(uploads)
    ? uploads
    : uploads === undefined
      ? []
      : (JSON.parse(uploads.plaintext) as Upload[]);
  return list.map(({ file, content }) => {
    const { text, isSecret } = plain(content);
    return { path: file, content: text, isSecret: isSecret || !Array.isArray(uploads) };
  });
}

/** The text of a file in a container, which need not run; undefined if it is not there. */
async function read(container: Docker.Container, path: string): Promise<string | undefined> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await container.getArchive({ path });
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
  const entries = extract();
  archive.pipe(entries);
  const chunks: Buffer[] = [];
  for await (const entry of entries) {
    for await (const chunk of entry) chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function difference({ path, content, isSecret }: Written, found: string): string {
  if (isSecret) return `${path} was edited`;
  const lines = createTwoFilesPatch("", "", content, found, "", "", { context: 0 })
    .split("\n")
    .filter((line) => /^[-+]/.test(line) && !/^(---|\+\+\+)/.test(line));
  const shown = lines.slice(0, LINES).map((line) => `\n      ${line}`);
  const rest = lines.length > LINES ? `\n      … ${lines.length - LINES} more lines` : "";
  return `${path} was edited${shown.join("")}${rest}`;
}

/** Files in volumes that are not what was written into them. Writers never ran, and still see them. */
export async function editedFiles(
  docker: Docker,
  resources: readonly StateResource[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const resource of resources) {
    const written = writtenBy(resource);
    const name = resource.inputs.name as string;
    const how: string[] = [];
    for (const file of written) {
      const found = await read(docker.getContainer(name), file.path);
      if (found === undefined) how.push(`${file.path} is gone`);
      else if (found !== file.content) how.push(difference(file, found));
    }
    if (how.length === 0) continue;
    const what = `files of ${name.replace(/-writer$/, "")}`;
    // What was read at a start is read again by a new container alone; certificates are reread.
    const [, reader] = /^(.*)-(?:config|secrets)-writer$/.exec(name) ?? [];
    const removed = reader === undefined ? [name] : [reader, name];
    findings.push({ what, how, mend: `docker rm --force ${removed.join(" ")}` });
  }
  return findings;
}

/** Networks that others may join: who sends, and who has no certificate yet. */
const OPEN = ["intake", "legacy"];

/** Containers on the stack's own networks, or under its labels, that the stack did not make. */
export async function strangers(
  docker: Docker,
  stack: string,
  resources: readonly StateResource[],
): Promise<Finding[]> {
  const ours = new Set(resources.map(({ inputs }) => inputs.name as string));
  const filters = { label: [`tracekeep.stack=${stack}`] };
  const networks = await docker.listNetworks({ filters });
  const found = new Map<string, string>();
  for (const { Id, Name, Labels } of networks) {
    if (OPEN.includes(Labels?.["tracekeep.service"] ?? "")) continue;
    const inside = (await docker.getNetwork(Id).inspect()) as {
      Containers?: Record<string, { Name: string }>;
    };
    for (const { Name: container } of Object.values(inside.Containers ?? {})) {
      found.set(container, `joined the network ${Name}, and is none of the stack's`);
    }
  }
  for (const { Names } of await docker.listContainers({ all: true, filters })) {
    found.set(Names[0].slice(1), "has the stack's labels, and is none of it");
  }
  return [...found]
    .filter(([name]) => !ours.has(name))
    .map(([name, how]) => ({ what: `container ${name}`, how: [how] }));
}
