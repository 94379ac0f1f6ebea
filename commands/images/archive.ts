import * as fs from "node:fs";
import * as path from "node:path";
import type Docker from "dockerode";
import { formatLock, parseLock, type ImagesLock, type LockedImage } from "../../config/images-lock";
import { LOCK_FILE } from "../../config/images-lock-file";
import { withProgress } from "../progress";
import type { Copy } from "./mirror";
import type { LocalImage } from "./on-host";
import { inTemporaryDirectory, isThere, run } from "./program";
import { copyImage, expectSkopeo, hasSkopeo, INSTALL_SKOPEO, type SkopeoOptions } from "./skopeo";

const LOCK_NAME = path.basename(LOCK_FILE);

/** Where an image lies in an archive. */
const placeOf = (directory: string, { repository, tag }: LockedImage): string =>
  path.join(directory, repository, tag);

async function saveBySkopeo(
  copies: readonly Copy[],
  file: string,
  options: SkopeoOptions,
): Promise<void> {
  // Beside the file: there has to be room for it there anyway.
  await inTemporaryDirectory(
    async (directory) => {
      for (const { image, from } of copies) {
        const place = placeOf(directory, image);
        fs.mkdirSync(place, { recursive: true });
        await withProgress(`Saving ${from}:${image.tag}, all platforms`, () =>
          copyImage(`docker://${from}@${image.digest}`, `dir:${place}`, options),
        );
      }
      const lock: ImagesLock = { version: 1, images: copies.map(({ image }) => image) };
      fs.writeFileSync(path.join(directory, LOCK_NAME), formatLock(lock));
      await run("tar", ["-cf", file, "-C", directory, "."]);
    },
    path.dirname(path.resolve(file)),
  );
}

async function saveByDocker(copies: readonly Copy[], file: string): Promise<void> {
  const names: string[] = [];
  for (const { image, from } of copies) {
    const pinned = `${from}@${image.digest}`;
    const name = `${from}:${image.tag}`;
    await withProgress(`Pulling ${name}`, () => run("docker", ["pull", "--quiet", pinned]));
    await run("docker", ["tag", pinned, name]);
    names.push(name);
  }
  await withProgress("Saving", () => run("docker", ["save", "--output", file, ...names]));
}

/**
 * Writes what is locked into one file: by skopeo all platforms and every digest as it is, else by
 * the Docker daemon what it runs itself.
 *
 * @returns what is in the file, for people.
 * @throws {Error} when neither tool is there, or the tool fails.
 */
export async function saveImages(
  copies: readonly Copy[],
  file: string,
  options: SkopeoOptions,
): Promise<string> {
  if (await hasSkopeo()) {
    await saveBySkopeo(copies, file, options);
    return "all platforms, by skopeo";
  }
  if (await isThere("docker")) {
    await saveByDocker(copies, file);
    return "the platform of this Docker daemon alone, for other daemons; with skopeo it would have all, and digests that a registry can keep";
  }
  throw new Error(`Neither skopeo nor docker is on PATH to save images. ${INSTALL_SKOPEO}`);
}

/** The lock that an archive of skopeo's carries; undefined for one of Docker's. */
async function lockIn(file: string): Promise<ImagesLock | undefined> {
  if (!fs.existsSync(file)) throw new Error(`There is no file ${file}.`);
  const names = (await run("tar", ["-tf", file])).split("\n");
  if (names.includes(`./${LOCK_NAME}`)) {
    return parseLock(await run("tar", ["-xOf", file, `./${LOCK_NAME}`]));
  }
  if (names.includes("manifest.json")) return undefined;
  throw new Error(`${file} holds no images that \`save\` wrote.`);
}

/** @throws {Error} that names what an archive lacks of what is locked. */
function expectAll(inside: ImagesLock, wanted: readonly LockedImage[], file: string): void {
  const digests = inside.images.map(({ digest }) => digest);
  const lacking = wanted.filter(({ digest }) => !digests.includes(digest));
  if (lacking.length === 0) return;
  const names = lacking.map(({ repository, tag }) => `  ${repository}:${tag}`).join("\n");
  throw new Error(
    `${file} was saved from another lock, and does not have what is locked now:\n${names}\nSave anew.`,
  );
}

const unpacked = <T>(file: string, work: (directory: string) => Promise<T>): Promise<T> =>
  inTemporaryDirectory(
    async (directory) => {
      await withProgress(`Unpacking ${file}`, () => run("tar", ["-xf", file, "-C", directory]));
      return work(directory);
    },
    path.dirname(path.resolve(file)),
  );

/**
 * Puts an archive's images into a registry, all platforms and every digest as it is.
 *
 * @throws {Error} when the archive is Docker's, is of another lock, or skopeo fails.
 */
export async function loadIntoRegistry(
  file: string,
  copies: readonly Copy[],
  options: SkopeoOptions,
): Promise<void> {
  const inside = await lockIn(file);
  if (inside === undefined) {
    throw new Error(
      `${file} was saved by Docker: it has no digests that a registry could keep. Save it where skopeo is.`,
    );
  }
  await expectSkopeo(`${file} was saved by it`);
  expectAll(
    inside,
    copies.map(({ image }) => image),
    file,
  );
  await unpacked(file, async (directory) => {
    for (const { image, to } of copies) {
      await withProgress(`Loading ${to}:${image.tag}`, () =>
        copyImage(`dir:${placeOf(directory, image)}`, `docker://${to}:${image.tag}`, options),
      );
    }
  });
}

/** Hands a file of `docker save`'s form to a daemon. @throws {Error} with what the daemon says. */
async function loadFile(docker: Docker, file: string): Promise<void> {
  const stream = await docker.loadImage(fs.createReadStream(file));
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) =>
      error ? reject(error) : resolve(),
    );
  });
}

/**
 * Puts an archive's images into a Docker daemon, of its own platform.
 *
 * @throws {Error} when the archive is of another lock, or a tool fails.
 */
export async function loadIntoDocker(
  file: string,
  images: readonly Required<LocalImage>[],
  docker: Docker,
): Promise<void> {
  const inside = await lockIn(file);
  if (inside === undefined) {
    await withProgress(`Loading ${file}`, () => loadFile(docker, file));
    return;
  }
  await expectSkopeo(`${file} was saved by it`);
  expectAll(
    inside,
    images.map(({ locked }) => locked),
    file,
  );
  const { Os: os, Arch: architecture } = await docker.version();
  await unpacked(file, async (directory) => {
    for (const { name, locked } of images) {
      const one = path.join(directory, "image.tar");
      fs.rmSync(one, { force: true });
      await withProgress(`Loading ${name}`, async () => {
        const to = `docker-archive:${one}:${name}`;
        await copyImage(`dir:${placeOf(directory, locked)}`, to, {}, { os, architecture });
        await loadFile(docker, one);
      });
    }
  });
}
