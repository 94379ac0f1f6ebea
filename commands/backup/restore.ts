import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { withForwards } from "../../components/verification/forward";
import { prepare } from "../deployment";
import { exportState } from "../exported-state";
import type { Stores } from "../hosts/stores";
import { holding } from "../interrupted/stack-lock";
import { withProgress } from "../progress";
import { readVerificationTarget } from "../stack-outputs";
import { runCommand } from "../run-command";
import { keyOf } from "./begin";
import type { BackupKey } from "./key";
import { expectEmpty, putObjects } from "./objects";
import { readManifest, type Manifest } from "./manifest";
import { checkParts, counted, readPart } from "./part";
import type { Place } from "./place";
import { QDRANT, STATE } from "./plan";
import { readMark, removeMark, writeMark, type Mark } from "./progress-mark";
import { restoreQdrant } from "./qdrant";
import { openStackBuckets, type StackBucket } from "./stack-buckets";
import { importState, parseBundle, restoreFiles, withoutThings } from "./state";
import { copiedWorkloads, objectsOf } from "./stores";
import { bytesText, timed, type Transfer } from "./text";

/** A backup that was looked at, and is whole. */
export interface Opened {
  place: Place;
  manifest: Manifest;
  key: BackupKey;
}

/**
 * Looks at a backup: whether it is this stack's, finished, whole, and opened by the passphrase.
 *
 * @throws {Error} that says what it is not. Nothing was touched.
 */
export async function openBackup(stack: string, place: Place, passphrase: string): Promise<Opened> {
  const manifest = await readManifest(place);
  if (manifest === undefined) {
    throw new Error(`There is no backup in ${place.name}. Nothing was changed.`);
  }
  if (manifest.stack !== stack) {
    throw new Error(
      `The backup in ${place.name} is of stack "${manifest.stack}": keys and names are that stack's. ` +
        `Restore it with --stack ${manifest.stack}. Nothing was changed.`,
    );
  }
  if (manifest.finishedAt === undefined) {
    throw new Error(
      `The backup in ${place.name} was interrupted before its end. Nothing was changed.`,
    );
  }
  await withProgress("Comparing every file with its checksum", () => checkParts(place, manifest));
  return { place, manifest, key: await keyOf(place, passphrase) };
}

/**
 * How far the restore of this backup is.
 *
 * @throws {Error} if the stack is there, and is not what an interrupted restore of this backup left.
 */
async function whereItIs(stack: string, backup: string, stores: Stores): Promise<Mark> {
  const { deployment } = await exportState(stack, { showSecrets: true });
  const state = deployment.resources.length > 0 ? ["its Pulumi state"] : [];
  const things = [...state, ...(await stores.occupied())];
  const earlier = readMark(stack);
  // What an earlier one had put back may be gone again.
  if (things.length === 0) return { backup, done: [], buckets: [], deployable: false };
  if (earlier?.backup === backup) return earlier;
  throw new Error(
    `Stack "${stack}" is not empty; a restore would mix two stacks. Nothing was changed. There are:\n` +
      things.map((thing) => `  ${thing}\n`).join("") +
      `To lose all of that: npm run destroy -- --stack ${stack} --delete-data`,
  );
}

/**
 * Marks buckets as this restore's own to fill, in which nothing is, or what it left interrupted.
 *
 * @throws {Error} if something else is in one.
 */
export async function takeBuckets(mark: Mark, buckets: readonly StackBucket[]): Promise<void> {
  for (const { service, bucket } of buckets) {
    if (mark.buckets.includes(bucket.name)) continue;
    await expectEmpty(bucket, `storage.${service}`);
  }
  mark.buckets = [...new Set([...mark.buckets, ...buckets.map(({ bucket }) => bucket.name)])];
}

/**
 * Puts a backup into an empty stack: state, volumes, objects, `up`, Qdrant's collections. Interrupted, the
 * same call goes on.
 *
 * @returns what of the backup was left out, for the stack's options have it off, and what was copied.
 */
export async function restoreBackup(
  stack: string,
  { place, manifest, key }: Opened,
): Promise<{ leftOut: string[]; copied: Transfer }> {
  const bundle = parseBundle(await text(Readable.from(readPart(place, STATE, key))));
  for (const file of restoreFiles(stack, bundle)) process.stderr.write(`Put back: ${file}\n`);
  const { config, host } = await prepare(stack);
  const stores = host.stores();
  const copied: Transfer = { bytes: 0, milliseconds: 0 };
  const copy = async (name: string, what: string, take: (content: Readable) => Promise<void>) => {
    let size = 0;
    const content = counted(readPart(place, name, key), (length) => (size += length));
    await withProgress(
      what,
      () => timed(copied, () => take(Readable.from(content, { objectMode: false }))),
      () => bytesText(size),
    );
    copied.bytes += size;
  };

  const has = (name: string) => manifest.parts.some((part) => part.name === name);
  const workloads = copiedWorkloads(config).filter(({ name }) => has(name));
  const buckets = await openStackBuckets(config, (service) => has(objectsOf(service)));
  // `up` takes the stack for itself, so it is let go before.
  await holding(stack, async () => {
    const mark = await whereItIs(stack, manifest.startedAt, stores);
    await takeBuckets(mark, buckets);
    writeMark(stack, mark);
    const once = async (name: string, work: () => Promise<void>) => {
      if (mark.done.includes(name)) return;
      await work();
      mark.done.push(name);
      writeMark(stack, mark);
    };

    await once(STATE, () =>
      withProgress("Restoring the state, with the CA and the passwords", () =>
        importState(stack, withoutThings(bundle.state)),
      ),
    );
    for (const workload of workloads) {
      const { name } = workload;
      await once(name, () =>
        copy(name, `Restoring the data of ${name}`, (tar) => stores.fill(workload, tar)),
      );
    }
    for (const { service, bucket } of buckets) {
      const name = objectsOf(service);
      // The options may name another one by now.
      await once(`${name} in ${bucket.name}`, () =>
        copy(name, `Restoring the objects of ${service} into ${bucket.name}`, (tar) =>
          putObjects(bucket, tar),
        ),
      );
    }
    mark.deployable = true;
    writeMark(stack, mark);
  });
  if ((await runCommand(["up", "--stack", stack, "--yes"])) !== 0) {
    throw new Error(
      "State, volumes and objects are restored, and `up` did not end well; see above. The same restore goes on from here.",
    );
  }
  const target = has(QDRANT) ? await readVerificationTarget(stack) : undefined;
  const isQdrantUp = target?.endpoints.qdrant !== undefined;
  if (target !== undefined && isQdrantUp) {
    await holding(stack, () =>
      copy(QDRANT, "Restoring the collections of Qdrant", (tar) =>
        withForwards(target, (reachable) => restoreQdrant(reachable, tar)),
      ),
    );
  }
  removeMark(stack);
  const back = [
    STATE,
    ...workloads.map(({ name }) => name),
    ...buckets.map(({ service }) => objectsOf(service)),
    ...(isQdrantUp ? [QDRANT] : []),
  ];
  const names = manifest.parts.map(({ name }) => name);
  return { leftOut: names.filter((name) => !back.includes(name)), copied };
}
