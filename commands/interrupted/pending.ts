import * as fs from "node:fs";
import * as path from "node:path";
import { exportState, type State } from "../exported-state";
import { home } from "../paths";
import { writePrivate } from "../private-files";
import { runPulumi } from "../pulumi";
import { earlierThings, notAmong, strays, type Thing, type Things } from "./things";

/** Ids of all that the state has. */
export const idsIn = ({ deployment }: State): Set<string> =>
  new Set(deployment.resources.flatMap(({ id }) => (id ? [id] : [])));

async function importState(stack: string, state: State): Promise<void> {
  const name = `state-${stack}.json`;
  const { [name]: file } = writePrivate(path.join(home(), "locks"), {
    [name]: JSON.stringify(state),
  });
  try {
    const args = ["stack", "import", "--file", file];
    const { code } = await runPulumi(stack, args, { capture: true });
    if (code !== 0) throw new Error(`The state of stack "${stack}" could not be written.`);
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** Whether the engine takes something for done that is not: the provider hands it over with its errors. */
const isHalf = ({ initErrors = [], inputs, outputs }: State["deployment"]["resources"][number]) =>
  initErrors.length > 0 || (inputs?.attach === true && Boolean(outputs?.exitCode));

/**
 * What the state has and the host did not make to its end: a container without its files, one that was
 * never started, or one that was to do its work and failed. A volume that is there is whole, only its
 * record is not; made again it would have its own name, and what uses it would keep the old one from going.
 *
 * @returns the URNs of what has to be made again, and whether the state must be read anew for the others.
 */
export function halfMade(
  { deployment }: State,
  things: readonly Thing[],
): { remake: string[]; isDoubtful: boolean } {
  const half = deployment.resources.filter(isHalf);
  const found = half.map(({ id, urn }) => ({ urn, thing: things.find((one) => one.id === id) }));
  return {
    remake: found.flatMap(({ urn, thing }) => (thing && thing.kind !== "volume" ? [urn] : [])),
    isDoubtful: found.some(({ thing }) => thing === undefined || thing.kind === "volume"),
  };
}

/** What came of operations that were begun and not ended. */
export interface Settled {
  lines: string[];
  /** URNs of what has to be made again. */
  remake: string[];
  /** Whether the state may have what is gone or was changed: only a refresh tells. */
  isDoubtful: boolean;
}

/**
 * Settles what a run had begun that was killed, or lost its host. What it was making is on the host or
 * not: the engine does not know, and would make it again under the same name. So it goes, but for data,
 * which the next run takes as its own.
 *
 * @param things undefined where the host cannot tell; then nothing is settled.
 */
export async function settlePending(stack: string, things: Things | undefined): Promise<Settled> {
  if (things === undefined) return { lines: [], remake: [], isDoubtful: false };
  const state = await exportState(stack);
  const pending = state.deployment.pending_operations ?? [];
  const isWhole = state.deployment.resources.every(
    ({ initErrors = [] }) => initErrors.length === 0,
  );
  const earlier = earlierThings(stack);
  if (pending.length === 0 && isWhole && earlier === undefined) {
    return { lines: [], remake: [], isDoubtful: false };
  }
  const there = await things.list();
  const { remake, isDoubtful } = halfMade(state, there);
  const creating = pending.filter(({ type }) => type === "creating");
  const names = new Set(creating.map(({ resource }) => resource.inputs?.name));
  // Without a note Pulumi was run by hand; what it was making it has the names of.
  const isOurs = earlier ? notAmong(earlier) : ({ name }: Thing) => names.has(name);
  const found = strays(there, idsIn(state), isOurs);
  const lines: string[] = [];
  for (const thing of found) {
    await things.remove(thing);
    lines.push(`Took away ${thing.kind} ${thing.name}, which an earlier run had begun to make.`);
  }
  lines.push(
    ...remake.map((urn) => `Makes ${urn.split("::").at(-1)} again, which was not made to its end.`),
  );
  if (pending.length > 0) {
    const deployment = { ...state.deployment, pending_operations: [] };
    await importState(stack, { ...state, deployment });
  }
  return { lines, remake, isDoubtful: isDoubtful || creating.length < pending.length };
}
