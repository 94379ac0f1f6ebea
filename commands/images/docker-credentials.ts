import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { RegistryError } from "./registry-error";

/** A login at a registry. */
export interface Credentials {
  user: string;
  password: string;
}

const dockerConfig = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).default({}),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).default({}),
});

const helperAnswer = z.object({ Username: z.string(), Secret: z.string().min(1) });

type Environment = Readonly<Record<string, string | undefined>>;

/** The file that `docker login` writes. */
const configFile = ({ DOCKER_CONFIG }: Environment): string =>
  path.join(DOCKER_CONFIG ?? path.join(os.homedir(), ".docker"), "config.json");

/** The keys under which a registry's login may stand. */
function keysOf(registry: string): string[] {
  const historic = registry === "docker.io" ? ["https://index.docker.io/v1/"] : [];
  return [...historic, registry, `https://${registry}`];
}

/** Asks a credential helper, as `docker` does; undefined if it has nothing. */
function askHelper(
  helper: string,
  key: string,
  env: Environment,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  return new Promise((resolve, reject) => {
    const child = execFile(program, ["get"], { env, timeout: 30_000 }, (error, stdout) => {
      if ((error as NodeJS.ErrnoException | null)?.code === "ENOENT") {
        // What it writes is not repeated: it may be the secret itself.
        reject(
          new RegistryError(`${program} is not on PATH, and the Docker configuration names it`),
        );
        return;
      }
      resolve(error ? undefined : readAnswer(stdout));
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(key);
  });
}

function readAnswer(json: string): Credentials | undefined {
  try {
    const { Username: user, Secret: password } = helperAnswer.parse(JSON.parse(json));
    return { user, password };
  } catch {
    return undefined;
  }
}

/** `user:password` in Base64, of which the password alone may hold a colon. */
function decode(auth: string): Credentials | undefined {
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * The login of `docker login` at a registry; undefined if there is none.
 *
 * @throws {RegistryError} when the file cannot be read, or names a helper that is not there.
 */
export async function dockerCredentials(
  registry: string,
  environment: Environment = process.env,
): Promise<Credentials | undefined> {
  const file = configFile(environment);
  if (!fs.existsSync(file)) return undefined;
  let config: z.output<typeof dockerConfig>;
  try {
    config = dockerConfig.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch {
    throw new RegistryError(`${file} cannot be read as Docker's configuration`);
  }
  const keys = keysOf(registry);
  for (const key of keys) {
    const helper = config.credHelpers[key] ?? config.credsStore;
    const found = helper === undefined ? undefined : await askHelper(helper, key, environment);
    if (found !== undefined) return found;
  }
  const auth = keys.map((key) => config.auths[key]?.auth).find((one) => one);
  return auth === undefined ? undefined : decode(auth);
}
