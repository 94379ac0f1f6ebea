import * as fs from "node:fs";
import * as path from "node:path";
import { exportState, type State } from "../exported-state";
import { home } from "../paths";
import { writePrivate } from "../private-files";
import { runPulumi } from "../pulumi";
import { earlierThings, notAmong, strays, type Things } from "./things";

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

/** What came of operations that were begun and not ended. */
export interface Settled {
  lines: string[];
  /** Whether the state may have what is gone or was changed: only a refresh tells. */
  isDoubtful: boolean;
}

/**
 * Settles what a killed run had begun. What it was making is on the host or not: the engine does not
 * know, and would make it again under the same name. So it goes, but for data, which the next run
 * takes as its own.
 *
 * @param things undefined where the host cannot tell; then nothing is settled.
 */
export async function settlePending(stack: string, things: Things | undefined): Promise<Settled> {
  if (things === undefined) return { lines: [], isDoubtful: false };
  const state = await exportState(stack);
  const pending = state.deployment.pending_operations ?? [];
  if (pending.length === 0) return { lines: [], isDoubtful: false };
  const creating = pending.filter(({ type }) => type === "creating");
  const names = new Set(creating.map(({ resource }) => resource.inputs?.name));
  const isNew = notAmong(earlierThings(stack));
  const found = strays(
    await things.list(),
    idsIn(state),
    (thing) => names.has(thing.name) && isNew(thing),
  );
  const lines: string[] = [];
  for (const thing of found) {
    await things.remove(thing);
    lines.push(`Took away ${thing.kind} ${thing.name}, which a killed run had begun to make.`);
  }
  const deployment = { ...state.deployment, pending_operations: [] };
  await importState(stack, { ...state, deployment });
  return { lines, isDoubtful: creating.length < pending.length };
}
