import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { home } from "../paths";
import { writePrivate } from "../private-files";

const thingSchema = z.object({
  kind: z.enum(["container", "network", "volume"]),
  /** What the engine's state has as its id. */
  id: z.string(),
  name: z.string(),
  /** Whether it holds data that somebody may want again. */
  isData: z.boolean(),
});
/** A container, network or volume of a stack, as it is on its host. */
export type Thing = z.infer<typeof thingSchema>;

/** What a stack has on its host, under its label, whoever made it. */
export interface Things {
  list(): Promise<Thing[]>;
  /** Takes something away as the stack itself would: it has its time to end. */
  remove(thing: Thing): Promise<void>;
}

const key = ({ kind, id }: Thing): string => `${kind} ${id}`;

/** Containers first: what they use is in use until they are gone. */
const ORDER: Thing["kind"][] = ["container", "network", "volume"];

/** What is of no use to the next run, which would make it again: everything but data, in order. */
export function strays(
  things: readonly Thing[],
  known: ReadonlySet<string>,
  isOurs: (thing: Thing) => boolean,
): Thing[] {
  return things
    .filter((thing) => !thing.isData && !known.has(thing.id) && isOurs(thing))
    .sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}

/** Whether something was not among the others. */
export function notAmong(earlier: readonly Thing[]): (thing: Thing) => boolean {
  const keys = new Set(earlier.map(key));
  return (thing) => !keys.has(key(thing));
}

const earlierFile = (stack: string) => `${stack}-earlier.json`;
const locks = () => path.join(home(), "locks");

/** Notes what is there before a run, which may be killed, or lose its host. */
export function noteEarlier(stack: string, things: readonly Thing[]): void {
  writePrivate(locks(), { [earlierFile(stack)]: JSON.stringify(things) });
}

/** Forgets it, once what the run made is in the state or gone. */
export const forgetEarlier = (stack: string): void =>
  fs.rmSync(path.join(locks(), earlierFile(stack)), { force: true });

/**
 * What was there before a run that did not clear up behind it: none of it is that run's, even under a
 * name of the stack. Undefined where there was no such run.
 */
export function earlierThings(stack: string): Thing[] | undefined {
  try {
    const text = fs.readFileSync(path.join(locks(), earlierFile(stack)), "utf8");
    return z.array(thingSchema).parse(JSON.parse(text));
  } catch {
    // Killed while it wrote this, it had made nothing.
    return undefined;
  }
}
