import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { call, type Address, type Identity } from "../../components/verification/client";

/** Statuses at which OTLP over HTTP asks a sender to try again. */
const AGAIN = new Set([429, 502, 503, 504]);

export interface SentTraces {
  /** Ids of the traces that were acknowledged. */
  acknowledged: string[];
  /** Those that no retry could bring in. */
  given: string[];
  /** Attempts that were answered with a refusal, or with nothing. */
  refused: number;
  /** The longest time between two acknowledgements, in seconds. */
  longestGap: number;
}

const hex = (bytes: number) => randomBytes(bytes).toString("hex");

function traceRequest(traceId: string) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = {
    ...{ traceId, spanId: hex(8), name: "rotation", kind: 1 },
    startTimeUnixNano: String(now - 1_000_000n),
    endTimeUnixNano: String(now),
  };
  const resource = {
    attributes: [{ key: "service.name", value: { stringValue: "rotation" } }],
  };
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
}

/**
 * Sends traces of one span at a steady rate, each over a connection of its own, and retries as OTLP
 * says: what got no answer, and what it was asked to send again. `stop` lets it end what it began.
 */
export function retryingSender(
  access: () => { address: Address; identity: Identity },
  { perSecond = 10, giveUpAfter = 60_000 } = {},
): { stop: () => Promise<SentTraces> } {
  const sent: SentTraces = { acknowledged: [], given: [], refused: 0, longestGap: 0 };
  let lastTaken = Date.now();
  let running = true;
  const send = async (traceId: string) => {
    const body = traceRequest(traceId);
    const end = Date.now() + giveUpAfter;
    for (let wait = 100; Date.now() < end; wait = Math.min(wait * 2, 2000)) {
      const { address, identity } = access();
      const status = await call(address, {
        path: "/v1/traces",
        identity,
        headers: { "content-type": "application/json" },
        body,
      }).then(
        (answer) => answer.status,
        () => 503,
      );
      if (status === 200) {
        const now = Date.now();
        sent.longestGap = Math.max(sent.longestGap, (now - lastTaken) / 1000);
        lastTaken = now;
        sent.acknowledged.push(traceId);
        return;
      }
      sent.refused += 1;
      if (!AGAIN.has(status)) break;
      await pause(wait);
    }
    sent.given.push(traceId);
  };
  const inFlight = new Set<Promise<void>>();
  const loop = (async () => {
    while (running) {
      const one = send(hex(16)).finally(() => inFlight.delete(one));
      inFlight.add(one);
      await pause(1000 / perSecond);
    }
    await Promise.all(inFlight);
  })();
  return {
    stop: async () => {
      running = false;
      await loop;
      return sent;
    },
  };
}

/** How many traces are asked for at a time: a store that is asked for all at once refuses some. */
const ASKED_FOR = 8;

/** Those of some traces that a store does not have, or did not say that it has. */
export async function missingOf(
  ids: readonly string[],
  has: (id: string) => Promise<boolean>,
): Promise<string[]> {
  const missing: string[] = [];
  const left = [...ids];
  const ask = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      if (!(await has(id).catch(() => false))) missing.push(id);
    }
  };
  await Promise.all(Array.from({ length: ASKED_FOR }, ask));
  return missing;
}
