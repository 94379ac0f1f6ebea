/** A container, network or volume of a stack, as it is on its host. */
export interface Thing {
  kind: "container" | "network" | "volume";
  /** What the engine's state has as its id. */
  id: string;
  name: string;
  /** Whether it holds data that somebody may want again. */
  isData: boolean;
}

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
