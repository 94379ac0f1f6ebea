import type { ServiceName } from "../../config/services";

/** Why a hop is likely broken, and where to look. Neither ever holds a secret. */
export interface Diagnosis {
  cause: string;
  look: string;
}

/** One thing that is checked. */
export interface Hop {
  id: string;
  /** What is printed. */
  name: string;
  /** Services that take part: the hop is skipped where one of them is switched off. */
  services: readonly ServiceName[];
  /** Hops that must be well for this one to say anything. */
  needs: readonly string[];
  /** Lies outside the stack: a failure is a warning. */
  outside?: boolean;
  /** Rejects with a `HopFailure`; resolves with a remark, if there is one. */
  run(): Promise<string | void>;
}

/** A hop is broken. The message says what was seen. */
export class HopFailure extends Error {
  constructor(
    message: string,
    readonly diagnosis: Diagnosis,
  ) {
    super(message);
    this.name = "HopFailure";
  }
}

/** A hop could not be judged, for reasons that another hop has. */
export class NotChecked extends Error {
  constructor(readonly by: string) {
    super(`blocked by ${by}`);
    this.name = "NotChecked";
  }
}

export type HopStatus = "ok" | "failed" | "warning" | "not checked" | "skipped";

export interface HopResult extends Partial<Diagnosis> {
  id: string;
  name: string;
  status: HopStatus;
  seconds: number;
  /** What was seen, or what it waits for. */
  detail?: string;
}

/**
 * Runs every hop as soon as those that it needs are done, in parallel where nothing binds them. A hop
 * behind a broken one is not run and not blamed.
 *
 * @param report called once a hop is done, in the order in which they end.
 * @throws if a hop needs one that is not in the list, or itself: a mistake in the table.
 */
export async function runHops(
  hops: readonly Hop[],
  services: readonly ServiceName[],
  report: (result: HopResult) => void = () => {},
): Promise<HopResult[]> {
  const running = new Map<string, Promise<HopResult>>();
  const byId = new Map(hops.map((hop) => [hop.id, hop]));
  if (byId.size !== hops.length) throw new Error("two hops have the same id");

  const start = (hop: Hop, behind: readonly string[]): Promise<HopResult> => {
    const known = running.get(hop.id);
    if (known) return known;
    if (behind.includes(hop.id)) throw new Error(`hop ${hop.id} needs itself`);
    const needed = hop.needs.map((id) => {
      const need = byId.get(id);
      if (!need) throw new Error(`hop ${hop.id} needs ${id}, which does not exist`);
      return start(need, [...behind, hop.id]);
    });
    const result = judge(hop, needed, services).then((done) => {
      report(done);
      return done;
    });
    running.set(hop.id, result);
    return result;
  };
  return Promise.all(hops.map((hop) => start(hop, [])));
}

async function judge(
  hop: Hop,
  needed: readonly Promise<HopResult>[],
  services: readonly ServiceName[],
): Promise<HopResult> {
  const result = (status: HopStatus, more: Partial<HopResult> = {}): HopResult => ({
    id: hop.id,
    name: hop.name,
    status,
    seconds: 0,
    ...more,
  });
  const off = hop.services.filter((service) => !services.includes(service));
  if (off.length > 0) return result("skipped", { detail: off.join(", ") });

  const needs = await Promise.all(needed);
  const skipped = needs.filter(({ status }) => status === "skipped");
  if (skipped.length > 0) return result("skipped", { detail: skipped[0].detail });
  // Of a chain, the first broken link is named.
  const broken = needs.filter(({ status }) => status !== "ok");
  if (broken.length > 0) {
    const [first] = broken;
    const detail = first.status === "not checked" ? first.detail : `needs ${first.name}`;
    return result("not checked", { detail });
  }

  const startedAt = performance.now();
  const seconds = () => (performance.now() - startedAt) / 1000;
  try {
    const remark = await hop.run();
    return result("ok", { seconds: seconds(), ...(remark && { detail: remark }) });
  } catch (error) {
    if (error instanceof NotChecked) {
      return result("not checked", { seconds: seconds(), detail: error.message });
    }
    const diagnosis =
      error instanceof HopFailure
        ? error.diagnosis
        : { cause: "not known", look: `the log of ${hop.services.join(" and ")}` };
    return result(hop.outside ? "warning" : "failed", {
      seconds: seconds(),
      detail: error instanceof Error ? error.message : String(error),
      ...diagnosis,
    });
  }
}

/** Where `up` just ended, a process may need this long to open its port. */
export const START_GRACE = 20_000;

/** Repeats `attempt` until it succeeds; rejects with its last error at `deadline` (ms since the epoch). */
export async function poll<T>(
  deadline: number,
  attempt: () => Promise<T>,
  pauseMs = 500,
): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof NotChecked || Date.now() + pauseMs >= deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
