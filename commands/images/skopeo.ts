import * as fs from "node:fs";
import * as path from "node:path";
import { dockerCredentials, type Credentials } from "./docker-credentials";
import { locate } from "./location";
import { inTemporaryDirectory, isThere, run } from "./program";

export const INSTALL_SKOPEO =
  "Install skopeo (`apt install skopeo`, `dnf install skopeo`, https://github.com/containers/skopeo).";

export interface SkopeoOptions {
  /** File of PEM certificates of private CAs. */
  caFile?: string;
  /** The login at a registry. Default: that of `docker login`. */
  credentialsOf?: (registry: string) => Promise<Credentials | undefined>;
}

/** Takes one platform of an image of several. */
export interface OnePlatform {
  os: string;
  architecture: string;
}

export const hasSkopeo = (): Promise<boolean> => isThere("skopeo");

/** @throws {Error} unless it is there, with the reason for which nothing else will do. */
export async function expectSkopeo(why: string): Promise<void> {
  if (!(await hasSkopeo())) throw new Error(`skopeo is not on PATH: ${why}. ${INSTALL_SKOPEO}`);
}

/** The repository of a `docker://` name; undefined for a name of another kind. */
function repositoryOf(name: string): string | undefined {
  const reference = name.startsWith("docker://") ? name.slice("docker://".length) : undefined;
  return reference?.replace(/@sha256:[0-9a-f]+$/, "").replace(/:[^:/]+$/, "");
}

/** Options of one end of a copy: trust and login go by files, so that no argument shows a secret. */
async function endOptions(
  end: "src" | "dest",
  name: string,
  { caFile, credentialsOf = (registry) => dockerCredentials(registry) }: SkopeoOptions,
  directory: string,
): Promise<string[]> {
  const repository = repositoryOf(name);
  if (repository === undefined) return [];
  const options: string[] = [];
  if (caFile !== undefined) {
    const certificates = path.join(directory, "certificates");
    fs.mkdirSync(certificates, { recursive: true });
    fs.copyFileSync(caFile, path.join(certificates, "ca.crt"));
    options.push(`--${end}-cert-dir`, certificates);
  }
  const { registry } = locate(repository);
  const login = await credentialsOf(registry);
  if (login !== undefined) {
    const file = path.join(directory, `${end}.json`);
    const auth = Buffer.from(`${login.user}:${login.password}`).toString("base64");
    fs.writeFileSync(file, JSON.stringify({ auths: { [registry]: { auth } } }), { mode: 0o600 });
    options.push(`--${end}-authfile`, file);
  }
  return options;
}

/**
 * Has skopeo copy an image: with all platforms and every digest as it is, or one platform alone.
 *
 * @param from and `to` are names of skopeo's: `docker://…`, `dir:…`, `docker-archive:…`.
 * @throws {Error} with what skopeo says.
 */
export async function copyImage(
  from: string,
  to: string,
  options: SkopeoOptions,
  only?: OnePlatform,
): Promise<void> {
  const what =
    only === undefined
      ? ["copy", "--all", "--preserve-digests"]
      : ["--override-os", only.os, "--override-arch", only.architecture, "copy"];
  await inTemporaryDirectory(async (directory) => {
    const ends = [
      ...(await endOptions("src", from, options, directory)),
      ...(await endOptions("dest", to, options, directory)),
    ];
    await run("skopeo", [...what, "--quiet", "--retry-times", "2", ...ends, from, to]);
  });
}
