import * as fs from "node:fs";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { withForwards } from "../../components/verification/forward";
import { prepare } from "../deployment";
import { withProgress } from "../progress";
import { readVerificationTarget } from "../stack-outputs";
import { runCommand } from "../run-command";
import { openKey, type BackupKey } from "./key";
import { fileOf, readManifest, type Manifest } from "./manifest";
import { checkParts, counted, readPart } from "./part";
import { QDRANT, STATE } from "./plan";
import { readMark, removeMark, writeMark, type Mark } from "./progress-mark";
import { restoreQdrant } from "./qdrant";
import { exportState, importState, parseBundle, restoreFiles, withoutThings } from "./state";
import { copiedWorkloads } from "./stores";
import { bytesText } from "./text";

/** A backup that was looked at, and is whole. */
export interface Opened {
  directory: string;
  manifest: Manifest;
  key: BackupKey;
}

/**
 * Looks at a backup: whether it is this stack's, finished, whole, and opened by the passphrase.
 *
 * @throws {Error} that says what it is not. Nothing was touched.
 */
export async function openBackup(
  stack: string,
  directory: string,
  passphrase: string,
): Promise<Opened> {
  const manifest = readManifest(directory);
  if (manifest === undefined) {
    throw new Error(`There is no backup in ${directory}. Nothing was changed.`);
  }
  if (manifest.stack !== stack) {
    throw new Error(
      `The backup in ${directory} is of stack "${manifest.stack}": keys and names are that stack's. ` +
        `Restore it with --stack ${manifest.stack}. Nothing was changed.`,
    );
  }
  if (manifest.finishedAt === undefined) {
    throw new Error(
      `The backup in ${directory} was interrupted before its end. Nothing was changed.`,
    );
  }
  await withProgress("Comparing every file with its checksum", () =>
    checkParts(directory, manifest),
  );
  const key = await openKey(fs.readFileSync(fileOf(directory, "key")), passphrase);
  return { directory, manifest, key };
}

/** @throws {Error} unless nothing of the stack is there, or this very backup is being restored. */
async function expectEmpty(stack: string, things: readonly string[]): Promise<void> {
  const { deployment } = await exportState(stack);
  if (deployment.resources.length === 0 && things.length === 0) return;
  const state = deployment.resources.length > 0 ? ["its Pulumi state"] : [];
  throw new Error(
    `Stack "${stack}" is not empty; a restore would mix two stacks. Nothing was changed. There are:\n` +
      [...state, ...things].map((thing) => `  ${thing}\n`).join("") +
      `To lose all of that: npm run destroy -- --stack ${stack} --delete-data`,
  );
}

/**
 * Puts a backup into an empty stack: state, volumes, `up`, Qdrant's collections. Interrupted, the
 * same call goes on.
 *
 * @returns what of the backup was left out, for the stack's options have it off.
 */
export async function restoreBackup(stack: string, opened: Opened): Promise<string[]> {
  const { directory, manifest, key } = opened;
  const bundle = parseBundle(await text(Readable.from(readPart(directory, STATE, key))));
  for (const file of restoreFiles(stack, bundle)) process.stderr.write(`Put back: ${file}\n`);
  const { config, host } = await prepare(stack);
  const stores = host.stores();

  const earlier = readMark(stack);
  const goesOn = earlier?.backup === manifest.startedAt;
  if (!goesOn) await expectEmpty(stack, await stores.occupied());
  const mark: Mark = goesOn ? earlier : { backup: manifest.startedAt, done: [] };
  writeMark(stack, mark);
  const once = async (name: string, work: () => Promise<void>) => {
    if (mark.done.includes(name)) return;
    await work();
    mark.done.push(name);
    writeMark(stack, mark);
  };
  const partOf = (name: string, count: (length: number) => void) =>
    Readable.from(counted(readPart(directory, name, key), count), { objectMode: false });

  await once(STATE, () =>
    withProgress("Restoring the state, with the CA and the passwords", () =>
      importState(stack, withoutThings(bundle.state)),
    ),
  );
  const has = (name: string) => manifest.parts.some((part) => part.name === name);
  const workloads = copiedWorkloads(config).filter(({ name }) => has(name));
  for (const workload of workloads) {
    let size = 0;
    await once(workload.name, () =>
      withProgress(
        `Restoring the data of ${workload.name}`,
        () =>
          stores.fill(
            workload,
            partOf(workload.name, (length) => (size += length)),
          ),
        () => bytesText(size),
      ),
    );
  }
  if ((await runCommand(["up", "--stack", stack, "--yes"])) !== 0) {
    throw new Error(
      "State and volumes are restored, and `up` did not end well; see above. The same restore goes on from here.",
    );
  }
  const target = has(QDRANT) ? await readVerificationTarget(stack) : undefined;
  const isQdrantUp = target?.endpoints.qdrant !== undefined;
  if (target !== undefined && isQdrantUp) {
    let size = 0;
    await withProgress(
      "Restoring the collections of Qdrant",
      () =>
        withForwards(target, async (reachable) => {
          await restoreQdrant(
            reachable,
            partOf(QDRANT, (length) => (size += length)),
          );
        }),
      () => bytesText(size),
    );
  }
  removeMark(stack);
  const back = [STATE, ...workloads.map(({ name }) => name), ...(isQdrantUp ? [QDRANT] : [])];
  return manifest.parts.map(({ name }) => name).filter((name) => !back.includes(name));
}
