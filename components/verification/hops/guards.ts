import { DIALLED_SERVICES, type DialledService } from "../../../config/services";
import { guardName } from "../../guard/name";
import { isGuarded } from "../../stack/listeners";
import type { Context } from "../context";

/** That a store's guard is closed, and why, by what it wrote last; undefined if it did not say so. */
export async function closedGuard(
  context: Context,
  service: DialledService,
): Promise<string | undefined> {
  if (!isGuarded(service)) return undefined;
  const log = (await context.readLog?.(service, guardName(service))) ?? "";
  const last = log.match(/guard of \S+: (?:open|closed): [^\r\n]*/g)?.at(-1) ?? "";
  const why = /: closed: (.*)/.exec(last)?.[1];
  return why && `the guard before ${service} is closed: ${why}`;
}

/** The same of every store: why the collector's queues may be full. */
export async function closedGuards(context: Context): Promise<string | undefined> {
  const stores = DIALLED_SERVICES.map((store) => closedGuard(context, store));
  const closed = (await Promise.all(stores)).filter((why) => why !== undefined);
  return closed.length === 0 ? undefined : closed.join("; ");
}
