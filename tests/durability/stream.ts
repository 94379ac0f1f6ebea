import type { Attempt } from "./transport";

/** A request as its source made it: what it carries, and how it is sent. */
export interface Outgoing {
  /** Ids by which all that it carries is read back. */
  ids: readonly string[];
  send: () => Promise<Attempt>;
}

/** Something of which requests are made, and which is read back by id. */
export interface Source {
  /** What it sends, for the report: "spans". */
  what: string;
  next(): Outgoing;
  /** Those of the ids that the stores have. */
  find(ids: readonly string[]): Promise<Set<string>>;
  close(): void;
}

export interface StreamOptions {
  /** Requests that are sent. */
  requests: number;
  /** Requests begun each second, at most. */
  perSecond: number;
  /** Requests in flight at once. Default: 8. */
  concurrency?: number;
  /** Seconds for which one request is repeated before it is given up. Default: 180. */
  patience?: number;
  /** Begun when a third of the requests has been acknowledged. */
  during?: () => Promise<unknown>;
}

/** What a sender knows of what it sent. Times are milliseconds since 1970. */
export interface Ledger {
  /** Ids of everything that was sent, and of it what was acknowledged, with the time of it. */
  sent: number;
  acknowledged: Map<string, number>;
  /** Status of each request that was refused for good or given up. */
  refused: string[];
  /** How often each status was an answer to be repeated. */
  repeated: Map<string, number>;
  /** Longest time from a request's first attempt to its acknowledgement. */
  longestPushback: number;
  /** When the fault was over, or the first request was sent. */
  over: number;
}

const sleep = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** First pause before a repetition and the longest one, in milliseconds. */
const PAUSES = { first: 100, longest: 2000 };

/** Sends, and repeats as the specification of OTLP says, with pauses that double and vary. */
export async function stream(source: Source, options: StreamOptions): Promise<Ledger> {
  const { requests, perSecond, concurrency = 8, patience = 180, during } = options;
  const begin = Date.now();
  const ledger: Ledger = {
    sent: 0,
    acknowledged: new Map(),
    refused: [],
    repeated: new Map(),
    longestPushback: 0,
    over: begin,
  };
  let begun = 0;
  let taken = 0;
  let tellFault = () => {};
  const faultIsDue = new Promise<void>((resolve) => (tellFault = resolve));

  const deliver = async ({ ids, send }: Outgoing) => {
    const first = Date.now();
    ledger.sent += ids.length;
    for (let pause = PAUSES.first; ; pause = Math.min(PAUSES.longest, pause * 2)) {
      const { outcome, status } = await send();
      const now = Date.now();
      if (outcome === "taken") {
        for (const id of ids) ledger.acknowledged.set(id, now);
        ledger.longestPushback = Math.max(ledger.longestPushback, now - first);
        return;
      }
      if (outcome === "refused" || now - first > patience * 1000) {
        ledger.refused.push(outcome === "refused" ? status : `given up: ${status}`);
        return;
      }
      ledger.repeated.set(status, (ledger.repeated.get(status) ?? 0) + 1);
      await sleep(pause * (0.5 + Math.random()));
    }
  };
  const worker = async () => {
    while (begun < requests) {
      const due = begin + (begun++ / perSecond) * 1000;
      if (due > Date.now()) await sleep(due - Date.now());
      await deliver(source.next());
      if (++taken * 3 >= requests) tellFault();
    }
  };
  const fault = faultIsDue.then(async () => {
    await during?.();
    ledger.over = Date.now();
  });
  await Promise.all([fault, ...Array.from({ length: concurrency }, worker)]);
  return ledger;
}

export interface ReadBack {
  found: number;
  /** Ids that were acknowledged and not found. */
  lost: string[];
  /** Milliseconds from the end of the fault until everything that is found was found. */
  recovery: number;
}

/**
 * Reads everything that was acknowledged until nothing is missing, or nothing more was found for
 * `patience` seconds: longer than any pause of the collector's between two attempts.
 */
export async function readBack(source: Source, ledger: Ledger, patience = 30): Promise<ReadBack> {
  let missing = [...ledger.acknowledged.keys()];
  let last = Date.now();
  while (missing.length > 0 && Date.now() - last < patience * 1000) {
    const found = await source.find(missing);
    if (found.size > 0) {
      missing = missing.filter((id) => !found.has(id));
      last = Date.now();
    }
    if (missing.length > 0) await sleep(500);
  }
  return {
    found: ledger.acknowledged.size - missing.length,
    lost: missing,
    recovery: last - ledger.over,
  };
}
