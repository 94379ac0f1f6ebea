import { repositoryAt } from "../../config/images";
import { checkDocker, dockerHost } from "../docker";
import { loadIntoDocker, loadIntoRegistry, saveImages } from "./archive";
import { checkImage } from "./check";
import { mirrorImages, type Copy } from "./mirror";
import { lookOnHost } from "./on-host";
import { report } from "./outcome";
import type { SkopeoOptions } from "./skopeo";
import { REGISTRY } from "../../config/types";
import { expectLocked, readScope, type Scope, type ScopeOptions } from "./scope";

/** Milliseconds that a daemon may be busy with an image before it says something. */
const BUSY = 600_000;

/** Every locked image, on its way to another registry. @throws {Error} when that is none. */
function copiesTo({ locked, at }: Scope, to: string): Copy[] {
  if (!REGISTRY.test(to)) {
    throw new Error(`--to: expected a registry such as "registry.example.org/mirror", got "${to}"`);
  }
  return locked.map((image) => ({
    image,
    from: at(image),
    to: repositoryAt(to, image.repository),
  }));
}

/** Node takes this one by itself; skopeo has to be told. */
const toolOptions = ({ ca = process.env.NODE_EXTRA_CA_CERTS }: ScopeOptions) => ({ caFile: ca });

/** Looks whether what was copied is what is locked, and says so of each. */
async function confirm({ registry }: Scope, copies: readonly Copy[]): Promise<void> {
  const outcomes = copies.map(({ image, to }) => checkImage(registry, image, to));
  process.exitCode = report(await Promise.all(outcomes));
}

/** Copies what is locked to another registry. */
export async function mirror({ to, ...options }: ScopeOptions & { to: string }): Promise<void> {
  const scope = readScope(options);
  expectLocked(scope);
  const copies = copiesTo(scope, to);
  if (copies.some((copy) => copy.from === copy.to)) {
    throw new Error(
      `--to: ${to} is where stack "${options.stack}" has its images from (images.registry); name a stack that has them from elsewhere with --stack`,
    );
  }
  await mirrorImages(copies, toolOptions(options));
  await confirm(scope, copies);
  process.stdout.write(`A stack takes them from there with tracekeep:images.registry: ${to}\n`);
}

/** Writes what is locked into a file. */
export async function save(file: string, options: ScopeOptions): Promise<void> {
  const scope = readScope(options);
  expectLocked(scope);
  const { locked, at } = scope;
  const copies = locked.map((image) => ({ image, from: at(image), to: at(image) }));
  const what = await saveImages(copies, file, toolOptions(options));
  process.stdout.write(`${locked.length} images in ${file}: ${what}\n`);
}

async function loadToRegistry(
  file: string,
  to: string,
  scope: Scope,
  options: SkopeoOptions,
): Promise<void> {
  const copies = copiesTo(scope, to);
  await loadIntoRegistry(file, copies, options);
  await confirm(scope, copies);
}

async function loadToDocker(file: string, scope: Scope): Promise<void> {
  const { config, locked, at } = scope;
  await checkDocker(config.stack, config.docker);
  const { docker } = dockerHost(config.docker, BUSY);
  const images = locked.map((image) => ({ name: `${at(image)}:${image.tag}`, locked: image }));
  await loadIntoDocker(file, images, docker);
  const { missing, other } = await lookOnHost(docker, images);
  const outcomes = images.map(({ name }) => {
    if (missing.includes(name)) return { ok: false, words: `${name} is not on the Docker host` };
    const found = other.find((one) => one.startsWith(`${name} `));
    return found === undefined
      ? { ok: true, words: name }
      : { ok: false, words: `${found}, not what is locked` };
  });
  process.exitCode = report(outcomes);
}

/** Puts what a file of `save` has into a registry, or into the stack's Docker daemon. */
export async function load(
  file: string,
  { to, ...options }: ScopeOptions & { to?: string },
): Promise<void> {
  const scope = readScope(options);
  expectLocked(scope);
  await (to === undefined
    ? loadToDocker(file, scope)
    : loadToRegistry(file, to, scope, toolOptions(options)));
}
