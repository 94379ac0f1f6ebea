import { RECORDED } from "../../components/prometheus/metric-names";
import { call, splitHostPort } from "../../components/verification/client";
import { withForwards } from "../../components/verification/forward";
import type { VerificationTarget } from "../../components/verification/target";
import { BUDGETED, type Rates } from "../../config/space";

/** What the running stack's Prometheus knows of its stores. */
export interface Measured {
  /** Bytes on its volume, by store. */
  used: Readonly<Partial<Record<string, number>>>;
  /** Bytes a second written, on average of the last day; of a store that is younger than that none. */
  written: Rates;
  /** The disk of the volumes, where there is one. */
  disk?: { used: number; free: number };
}

interface Sample {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

/** Each value of a rate stands for 6 hours, and a day of them is asked for. */
const YOUNG = "30h";

const USED = RECORDED.storeUsed;
const WRITTEN = RECORDED.storeWritten;

const QUERIES = {
  used: USED,
  written: `avg_over_time(${WRITTEN}[1d]) and on (store) ${USED} offset ${YOUNG}`,
  disk: 'max by (state) (system_filesystem_usage_bytes{job="collector",state=~"used|free"})',
};

async function query(target: VerificationTarget, promql: string): Promise<Sample[]> {
  const published = target.endpoints.prometheus?.http;
  if (published === undefined) throw new Error("Prometheus is not published.");
  const answer = await call(
    { ...splitHostPort(published), serverName: "prometheus", root: target.tls.root },
    { path: `/api/v1/query?query=${encodeURIComponent(promql)}`, identity: target.operator },
  );
  if (answer.status !== 200) throw new Error(`Prometheus answered ${answer.status}.`);
  return (JSON.parse(answer.body) as { data: { result: Sample[] } }).data.result;
}

const byLabel = (samples: readonly Sample[], label: string): Record<string, number> =>
  Object.fromEntries(samples.map(({ metric, value }) => [metric[label], Number(value[1])]));

/** Asks the Prometheus of a running stack. @throws {Error} if it does not answer. */
export function measure(target: VerificationTarget): Promise<Measured> {
  // Nothing else of the stack is dialled, so nothing else is forwarded.
  const { prometheus = {} } = target.endpoints;
  return withForwards({ ...target, endpoints: { prometheus } }, async (reachable) => {
    const used = byLabel(await query(reachable, QUERIES.used), "store");
    const written = byLabel(await query(reachable, QUERIES.written), "store");
    const disk = byLabel(await query(reachable, QUERIES.disk), "state");
    return {
      used,
      written: Object.fromEntries(
        BUDGETED.flatMap((store) => (written[store] > 0 ? [[store, written[store]]] : [])),
      ),
      ...(disk.used > 0 && { disk: { used: disk.used, free: disk.free } }),
    };
  });
}
