import { withProgress } from "../progress";
import type { Begun } from "./begin";
import { writeManifest, type Manifest } from "./manifest";
import { counted, writePart, type Sealed } from "./part";
import type { Place } from "./place";
import type { Plan } from "./plan";
import { bytesText, timed, type Transfer } from "./text";

function comesAfter(plans: readonly Plan[], name: string, other: string): boolean {
  const after = plans.find((plan) => plan.name === name)?.after;
  return after !== undefined && (after === other || comesAfter(plans, after, other));
}

/**
 * Makes every part that is not whole yet. The manifest is written after each.
 *
 * @param signal ends it: the service that stands still is started, and what is whole stays.
 * @returns the manifest, and what was copied this time: content, before it was sealed.
 */
export async function makeParts(
  plans: readonly Plan[],
  place: Place,
  { manifest, key }: Begun,
  signal: AbortSignal,
): Promise<{ manifest: Manifest; copied: Transfer }> {
  const { stopped, ...begun } = manifest;
  const copied: Transfer = { bytes: 0, milliseconds: 0 };
  let now: Manifest = begun;
  const left = plans.find(({ name }) => name === stopped);
  if (left?.start) {
    process.stderr.write(`Starting ${left.name}, which the interrupted backup left stopped.\n`);
    await left.start();
  }
  for (const { name, what, run, start } of plans) {
    if (now.parts.some((part) => part.name === name)) {
      process.stderr.write(`${name}: whole already, of the interrupted backup.\n`);
      continue;
    }
    signal.throwIfAborted();
    // What had to be copied later would now be the older one.
    const parts = now.parts.filter((part) => !comesAfter(plans, part.name, name));
    now = { ...now, parts };
    await writeManifest(place, { ...now, ...(start && { stopped: name }) });
    const begin = Date.now();
    let size = 0;
    let sealed: Sealed | undefined;
    const until = await withProgress(
      what,
      () =>
        run(async (content) => {
          const read = counted(content, (length) => (size += length));
          sealed = await timed(copied, () => writePart(place, name, key, read, signal));
        }),
      () => bytesText(size),
    );
    copied.bytes += size;
    if (sealed === undefined) throw new Error(`nothing was written of ${name}`);
    const paused = start ? (Date.now() - begin) / 1000 : 0;
    const part = { name, ...sealed, until: until.toISOString(), paused };
    now = { ...now, parts: [...now.parts, part] };
    await writeManifest(place, now);
  }
  now = { ...now, finishedAt: new Date().toISOString() };
  await writeManifest(place, now);
  return { manifest: now, copied };
}
